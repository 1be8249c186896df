namespace Pursuit.Selection.Tsds;

/// <summary>Where a target's neighbours are looked for.</summary>
public enum TsdsIndex
{
    /// <summary>Everywhere: the lists are exact.</summary>
    None,

    /// <summary>
    /// In the cells whose centres are nearest to the target (an inverted file); what lies in others is missed, and how much is measured.
    /// </summary>
    Ivf,
}

/// <summary>What an index found of the neighbours.</summary>
/// <param name="Lists">Cells of the pool.</param>
/// <param name="Probes">Cells that a target looks at.</param>
/// <param name="Recall">
/// Of the rows that exact search gives the same number of neighbours, the share that the index found; the mean over the targets compared.
/// </param>
/// <param name="Compared">Targets that were compared, a seeded sample.</param>
internal sealed record TsdsIndexReport(int Lists, int Probes, double Recall, int Compared);
