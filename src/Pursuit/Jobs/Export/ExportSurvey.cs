namespace Pursuit.Jobs.Export;

/// <summary>What a file's records have in common, which decides its layout.</summary>
internal sealed class ExportSurvey
{
    private readonly int[] _counts = new int[Enum.GetValues<ExportKind>().Length];
    private int _prompted;

    /// <summary>The commonest kind.</summary>
    public ExportKind Kind => (ExportKind)Array.IndexOf(_counts, _counts.Max());

    /// <summary>True where every record gives a prompt and a completion.</summary>
    public bool AllPrompted => Rows > 0 && _prompted == Rows;

    /// <summary>True where some conversation begins with turns of the assistant's that are not to be trained.</summary>
    public bool SomeBeginUntrained { get; private set; }

    /// <summary>True where some completion has more than the assistant's one turn.</summary>
    public bool SomeCompletionsAreLong { get; private set; }

    /// <summary>Records seen.</summary>
    public int Rows => _counts.Sum();

    /// <summary>Records of a kind.</summary>
    public int Count(ExportKind kind) => _counts[(int)kind];

    /// <summary>Counts a record.</summary>
    public void Add(ExportRow row)
    {
        _counts[(int)row.Kind]++;
        if (row.Kind != ExportKind.Conversation) return;
        if (row.PromptMessages is not null) _prompted++;
        SomeBeginUntrained |= row.BeginsUntrained;
        SomeCompletionsAreLong |= row.Messages.Count - (row.PromptMessages ?? row.UpToFirstTrained) > 1;
    }
}
