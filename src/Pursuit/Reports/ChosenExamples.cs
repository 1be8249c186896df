namespace Pursuit.Reports;

/// <summary>The selected examples with why, and the texts of those they are compared with.</summary>
internal sealed record ChosenExamples
{
    /// <summary>The chosen, best first.</summary>
    public required IReadOnlyList<ChosenExample> Chosen { get; init; }

    /// <summary>Selected examples that are not listed: the report holds the best ranks.</summary>
    public required int Left { get; init; }

    /// <summary>Examples that were not selected and are a selected one's neighbor.</summary>
    public required IReadOnlyList<OtherExample> Others { get; init; }

    /// <summary>The target's examples that some chosen one serves.</summary>
    public required IReadOnlyList<OtherExample> Targets { get; init; }

    /// <summary>What <see cref="ChosenExample.Length"/> counts.</summary>
    public required string LengthUnit { get; init; }

    /// <summary>Up to this rank <see cref="ChosenExample.Serves"/> was computed; 0 where it can't be.</summary>
    public required int ServesUpToRank { get; init; }

    /// <summary>Up to this rank <see cref="ChosenExample.Near"/> was computed; 0 where it can't be.</summary>
    public required int NearUpToRank { get; init; }
}

/// <summary>A selected example.</summary>
internal sealed record ChosenExample
{
    /// <summary>1 is the best.</summary>
    public required int Rank { get; init; }

    /// <summary>The user's id, or null.</summary>
    public string? Id { get; init; }

    /// <summary>The content id, 64 hexadecimal digits.</summary>
    public required string ContentId { get; init; }

    /// <summary>Its source.</summary>
    public required string Source { get; init; }

    /// <summary>Its file.</summary>
    public required string File { get; init; }

    /// <summary>The line it starts on, from 1.</summary>
    public required long Line { get; init; }

    /// <summary>Its training weight; the mean is 1.</summary>
    public required double Weight { get; init; }

    /// <summary>Its number of copies in the file of records.</summary>
    public required int Repeats { get; init; }

    /// <summary>What the method ordered it by.</summary>
    public required double Score { get; init; }

    /// <summary>Its answers' length.</summary>
    public required int Length { get; init; }

    /// <summary>Its turns, long ones cut.</summary>
    public required IReadOnlyList<ReportTurn> Turns { get; init; }

    /// <summary>The target examples it serves most; indices into <see cref="ChosenExamples.Targets"/>, with the inner product.</summary>
    public IReadOnlyList<ExampleLink> Serves { get; init; } = [];

    /// <summary>Its nearest neighbors that were not selected; indices into <see cref="ChosenExamples.Others"/>, with the cosine.</summary>
    public IReadOnlyList<ExampleLink> Near { get; init; } = [];

    /// <summary>Selected examples that are nearly the same; ranks, with the cosine.</summary>
    public IReadOnlyList<ExampleLink> Twins { get; init; } = [];
}

/// <summary>One turn as it is shown.</summary>
/// <param name="Role">Who speaks; "text" for a text, "" for a mark that turns were omitted.</param>
/// <param name="Text">What is said, cut in the middle where it is long.</param>
internal sealed record ReportTurn(string Role, string Text);

/// <summary>A reference to another example.</summary>
/// <param name="To">An index, or a rank.</param>
/// <param name="Value">The inner product or cosine.</param>
internal sealed record ExampleLink(int To, double Value);

/// <summary>Another example, in short.</summary>
/// <param name="Id">The user's id, or null.</param>
/// <param name="File">Its file, or null where only its features are known.</param>
/// <param name="Line">The line it starts on, from 1; 0 where only its features are known.</param>
/// <param name="Text">Its words, cut.</param>
internal sealed record OtherExample(string? Id, string? File, long Line, string Text);
