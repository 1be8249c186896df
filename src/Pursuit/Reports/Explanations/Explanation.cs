namespace Pursuit.Reports.Explanations;

/// <summary>Why an input row was or wasn't chosen.</summary>
internal sealed record Explanation
{
    /// <summary>The row.</summary>
    public required RowPlace Row { get; init; }

    /// <summary>Its content id; null where it is no valid record.</summary>
    public string? ContentId { get; init; }

    /// <summary>
    /// "selected", "not selected", "no features", "duplicate of", "near duplicate of" or "quarantined", as in the ledger.
    /// </summary>
    public required string Fate { get; init; }

    /// <summary>What became of it and why; each a whole sentence.</summary>
    public required IReadOnlyList<string> Why { get; init; }

    /// <summary>What is wrong with a quarantined record, or what a near duplicate resembles and how much.</summary>
    public string? Reason { get; init; }

    /// <summary>The row that a duplicate repeats: all that follows is told of that one.</summary>
    public RowPlace? DuplicateOf { get; init; }

    /// <summary>Other rows that say the same as this one, at most 20.</summary>
    public IReadOnlyList<RowPlace> Copies { get; init; } = [];

    /// <summary>Its source.</summary>
    public string? Source { get; init; }

    /// <summary>Its words, cut.</summary>
    public string? Text { get; init; }

    /// <summary>Its rank, from 1; null where it wasn't chosen.</summary>
    public int? Rank { get; init; }

    /// <summary>Its training weight.</summary>
    public double? Weight { get; init; }

    /// <summary>Its number of copies in the file of records.</summary>
    public int? Repeats { get; init; }

    /// <summary>What the method ordered it by; of methods that order the whole pool, told of every example.</summary>
    public double? Score { get; init; }

    /// <summary>Its place in the method's order of the whole pool; null for methods that have none.</summary>
    public int? Place { get; init; }

    /// <summary>Examples in that order.</summary>
    public int? PlaceOf { get; init; }

    /// <summary>The pursuit's kept passes; empty for methods that pursue nothing.</summary>
    public IReadOnlyList<PassPlace> Passes { get; init; } = [];

    /// <summary>The pass that cost it most, and whom it lost to; null where there is none.</summary>
    public Displacement? Displaced { get; init; }

    /// <summary>The target examples it serves most, by inner product of features.</summary>
    public IReadOnlyList<LinkedExample> Serves { get; init; } = [];

    /// <summary>The selected examples most like it, by cosine of features.</summary>
    public IReadOnlyList<LinkedExample> NearChosen { get; init; } = [];

    /// <summary>The examples most like it that weren't chosen, by cosine of features.</summary>
    public IReadOnlyList<LinkedExample> NearNotChosen { get; init; } = [];
}

/// <summary>Where a row is.</summary>
/// <param name="Id">The user's id; null where it has none, or isn't an example of the pool.</param>
/// <param name="File">Its file.</param>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Index">Its number over all input rows, from 0.</param>
internal sealed record RowPlace(string? Id, string File, long Line, long Index)
{
    /// <summary>Its row group in a table; null in text.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public int? RowGroup { get; init; }
}

/// <summary>A row at one pass of a pursuit.</summary>
/// <param name="Pass">The pass, from 1.</param>
/// <param name="State">"candidate", "chosen already", "barred" (its features equal a selected row's, or were found of no use) or
/// "points away".</param>
/// <param name="Gain">|| max(0, phi . R) ||; 0 unless a candidate.</param>
/// <param name="Rank">Its rank by gain, from 1; null unless a candidate.</param>
/// <param name="Taken">Examples that the pass added, as far as the next kept pass tells.</param>
internal sealed record PassPlace(int Pass, string State, double Gain, int? Rank, int? Taken);

/// <summary>Where a row that wasn't chosen lost most of its gain.</summary>
/// <param name="Pass">The pass after which its gain fell most.</param>
/// <param name="Before">Its gain at it.</param>
/// <param name="After">Its gain at the next kept pass.</param>
/// <param name="By">Of the examples added in between the most like it, best first.</param>
internal sealed record Displacement(int Pass, double Before, double After, IReadOnlyList<LinkedExample> By);

/// <summary>Another example.</summary>
/// <param name="Id">The user's id, or null.</param>
/// <param name="File">Its file; null where only its features are known.</param>
/// <param name="Line">Its line, from 1; 0 where only its features are known.</param>
/// <param name="Text">Its words, cut.</param>
/// <param name="Value">The inner product or cosine.</param>
/// <param name="Rank">Its rank where it was chosen; null else.</param>
internal sealed record LinkedExample(string? Id, string? File, long Line, string Text, double Value, int? Rank);
