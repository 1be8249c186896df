using Pursuit.Data;

namespace Pursuit.Tokenization.ExampleEncoding;

/// <summary>
/// Adds up what encoding found, example by example: lengths, truncation, masks. Its memory does not grow with the pool but
/// with the number of different lengths. Not safe to share between threads; the counts don't depend on the order, the ids
/// named first and the order of equally long examples do.
/// </summary>
internal sealed class DatasetAudit
{
    /// <summary>Ids named for each finding, reasons of refusals, and longest examples kept.</summary>
    public const int Shown = 5;

    private readonly ExampleEncoder _encoder;
    private readonly SortedDictionary<int, long> _lengths = [];
    private readonly SortedDictionary<int, long> _supervised = [];
    private readonly List<LongExample> _longest = [];
    private readonly List<string> _reasons = [];
    private readonly Finding _promptCut = new();
    private readonly Finding _answerCut = new();
    private readonly Finding _allMasked = new();
    private readonly Finding _emptyTurns = new();
    private readonly Finding _lastTurn = new();
    private readonly Finding _lost = new();
    private readonly Finding _shortened = new();
    private readonly Finding _withoutEnd = new();
    private readonly Finding _thoughts = new();
    private readonly Finding _tools = new();
    private readonly Finding _documents = new();
    private readonly Finding _special = new();
    private readonly Finding _nested = new();
    private readonly Finding _doubled = new();
    private readonly Finding _refused = new();
    private long _examples;
    private long _texts;
    private long _promptTokens;
    private long _answerTokens;
    private long _thoughtsDropped;
    private long _specialTokens;

    /// <summary>Opens an audit of what an encoder gives.</summary>
    public DatasetAudit(ExampleEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        _encoder = encoder;
    }

    /// <summary>Counts an encoded example.</summary>
    public void Add(EncodedExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        var id = Name(example.Id, example.ContentId);
        var cut = example.Truncation;
        _examples++;
        if (example.IsText) _texts++;
        Count(_lengths, cut.FullLength);
        Count(_supervised, example.SupervisedTokens);
        _promptTokens += cut.PromptTokensCut - cut.EarlierAnswerTokensCut;
        _answerTokens += cut.AnswerTokensCut + cut.EarlierAnswerTokensCut;
        _promptCut.Add(cut.PromptTokensCut > 0, id);
        _answerCut.Add(cut.AnswerTokensCut > 0, id);
        _allMasked.Add(example.AllMasked, id);
        _emptyTurns.Add(example.EmptyTurns > 0, id);
        _lastTurn.Add(example.LastTurnIsNotAssistant, id);
        _lost.Add(example.LostAnswers > 0, id);
        _shortened.Add(example.ShortenedAnswers > 0, id);
        _withoutEnd.Add(example.AnswersWithoutEnd > 0, id);
        _thoughts.Add(example.ThoughtsNotPrinted > 0, id);
        _thoughtsDropped += example.ThoughtsNotPrinted;
        _tools.Add(example.ToolsNotPrinted > 0, id);
        _documents.Add(example.DocumentsNotPrinted > 0, id);
        _special.Add(example.SpecialTokensInWords > 0, id);
        _specialTokens += example.SpecialTokensInWords;
        _nested.Add(example.HasNestedTemplate, id);
        _doubled.Add(example.HasDoubledBeginning, id);
        var at = _longest.FindIndex(other => other.Tokens < cut.FullLength);
        if (at < 0) at = _longest.Count;
        if (at < Shown) _longest.Insert(at, new LongExample(id, cut.FullLength));
        if (_longest.Count > Shown) _longest.RemoveAt(Shown);
    }

    /// <summary>Encodes an example and counts it; one the template refuses is counted as refused.</summary>
    /// <returns>The encoded example, or null where it was refused.</returns>
    public EncodedExample? Encode(Example example)
    {
        ArgumentNullException.ThrowIfNull(example);
        try
        {
            var encoded = _encoder.Encode(example);
            Add(encoded);
            return encoded;
        }
        catch (PursuitException refusal)
        {
            AddRefused(example, refusal.Message);
            return null;
        }
    }

    /// <summary>Counts an example that the template refuses.</summary>
    /// <param name="example">The example.</param>
    /// <param name="reason">What the encoder said.</param>
    public void AddRefused(Example example, string reason)
    {
        ArgumentNullException.ThrowIfNull(example);
        _refused.Add(true, Name(example.Id, example.ContentId));
        if (_reasons.Count < Shown && !_reasons.Contains(reason)) _reasons.Add(reason);
    }

    /// <summary>What was found so far.</summary>
    public AuditReport ToReport() => new()
    {
        Examples = _examples,
        Texts = _texts,
        MaxLength = _encoder.MaxLength,
        TemplateSource = _encoder.Template.Source,
        Lengths = Summarize(_lengths),
        SupervisedTokens = Summarize(_supervised),
        PromptCut = _promptCut.ToCount(),
        AnswerCut = _answerCut.ToCount(),
        PromptTokensCut = _promptTokens,
        AnswerTokensCut = _answerTokens,
        AllMasked = _allMasked.ToCount(),
        EmptyTurns = _emptyTurns.ToCount(),
        LastTurnNotAssistant = _lastTurn.ToCount(),
        LostAnswers = _lost.ToCount(),
        ShortenedAnswers = _shortened.ToCount(),
        AnswersWithoutEnd = _withoutEnd.ToCount(),
        ThoughtsNotPrinted = _thoughts.ToCount(),
        ThoughtsDropped = _thoughtsDropped,
        ToolsNotPrinted = _tools.ToCount(),
        DocumentsNotPrinted = _documents.ToCount(),
        SpecialTokensInWords = _special.ToCount(),
        SpecialTokens = _specialTokens,
        NestedTemplates = _nested.ToCount(),
        DoubledBeginnings = _doubled.ToCount(),
        Refused = _refused.ToCount(),
        RefusalReasons = [.. _reasons],
        Longest = [.. _longest],
    };

    private static string Name(string? id, ContentId contentId) => id ?? contentId.ToString();

    private static void Count(SortedDictionary<int, long> counts, int length) => counts[length] = counts.GetValueOrDefault(length) + 1;

    private static LengthSummary? Summarize(SortedDictionary<int, long> counts)
    {
        if (counts.Count == 0) return null;
        var examples = counts.Values.Sum();
        return new LengthSummary(
            counts.Keys.First(), Percentile(50), Percentile(90), Percentile(99), counts.Keys.Last(),
            counts.Sum(entry => entry.Key * entry.Value));

        int Percentile(int percent)
        {
            // Nearest rank: the smallest length that at least this share does not exceed.
            var rank = ((examples * percent) + 99) / 100;
            var seen = 0L;
            return counts.First(entry => (seen += entry.Value) >= rank).Key;
        }
    }

    private sealed class Finding
    {
        private readonly List<string> _ids = [];
        private long _count;

        public void Add(bool found, string id)
        {
            if (!found) return;
            _count++;
            if (_ids.Count < Shown) _ids.Add(id);
        }

        public AuditCount ToCount() => new(_count, [.. _ids]);
    }
}
