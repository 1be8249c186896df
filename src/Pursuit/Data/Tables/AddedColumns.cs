namespace Pursuit.Data.Tables;

/// <summary>Columns that are added to records.</summary>
internal static class AddedColumns
{
    /// <summary>The fault of a name that a record has already.</summary>
    /// <param name="name">The name.</param>
    /// <param name="place">Where it is.</param>
    public static PursuitException Taken(string name, string place) => PursuitException.At(
        ApiName.With, $"'{name}' is a field of {place} already", "names that records lack", "Give it another, as in weight=sample_weight.");
}
