using System.Text;

namespace Pursuit.Data.Deduplication;

/// <summary>Reads examples' n-grams. One per thread.</summary>
/// <remarks>
/// Words are those of <c>AnswerText.Words</c>: after NFC and lower case, runs of letters, marks and numbers; where writing has no spaces,
/// each letter. A turn's thoughts and tool calls are said too; the system's turns are not, because a standing instruction is meant to be
/// shared.
/// </remarks>
/// <param name="options">What n-grams are made of.</param>
internal sealed class GramReader(NearDuplicateOptions options)
{
    private const ulong Factor = 0x9E3779B97F4A7C15; // odd, so that no unit's part is lost modulo 2^64

    private ulong[] _units = new ulong[256];
    private ulong[] _grams = new ulong[256];
    private int _count;

    /// <summary>The n-grams of an example.</summary>
    public GramSets Read(Example example) => new(
        Grams(Parts(example)),
        options.Compare == ComparedParts.WholeAndAnswers && !example.IsText ? Grams(Answers(example)) : []);

    /// <summary>The n-grams of a text.</summary>
    public ulong[] Read(string text) => Grams([text]);

    private static IEnumerable<string?> Parts(Example example) => example.Text is { } text
        ? [text]
        : example.Turns.Where(t => t.Role != Turn.System).SelectMany(Said);

    private static IEnumerable<string?> Answers(Example example) => example.Turns.Where(t => t.IsTrained).SelectMany(Said);

    private static IEnumerable<string?> Said(Turn turn) => [turn.Reasoning, turn.Content, turn.ToolCallsJson];

    private ulong[] Grams(IEnumerable<string?> parts)
    {
        _count = 0;
        foreach (var part in parts)
        {
            if (string.IsNullOrEmpty(part)) continue;
            var text = Ascii.IsValid(part) ? part : UnicodeText.Normalize(part, NormalizationForm.FormC);
            if (options.Unit == GramUnit.Words) AddWords(text);
            else AddCharacters(text);
        }

        if (options.Unit == GramUnit.Characters && _count > 0 && _units[_count - 1] == Mixed(' ')) _count--;
        return Grams();
    }

    /// <summary>The distinct n-grams of the units at hand; a text of fewer units than one has is an n-gram by itself.</summary>
    private ulong[] Grams()
    {
        if (_count == 0) return [];
        var size = Math.Min(options.GramSize, _count);
        var grams = _count - size + 1;
        if (_grams.Length < grams) _grams = new ulong[_units.Length];
        for (var i = 0; i < grams; i++)
        {
            var hash = (ulong)size; // so that a short text's n-gram is none of a longer one's
            foreach (var unit in _units.AsSpan(i, size)) hash = hash * Factor + unit;
            _grams[i] = Mixed(hash);
        }

        var sorted = _grams.AsSpan(0, grams);
        sorted.Sort();
        var distinct = 1;
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i] != sorted[distinct - 1]) sorted[distinct++] = sorted[i];
        }

        return sorted[..distinct].ToArray();
    }

    private void AddWords(string text)
    {
        var hash = 0UL;
        var (length, isAlone) = (0, false); // of the word at hand; whether it is a letter that stands alone
        foreach (var rune in text.EnumerateRunes())
        {
            var lower = Rune.ToLowerInvariant(rune);
            var isWord = WordCharacters.IsOfWord(lower);
            var starts = isWord && !rune.IsAscii && UnspacedScripts.StandsAlone(lower);
            if (length > 0 && (starts || !isWord || (isAlone && !UnspacedScripts.IsMark(lower))))
            {
                Add(Mixed(hash));
                (hash, length) = (0, 0);
            }

            if (!isWord) continue;
            isAlone = starts || (isAlone && length > 0);
            hash = hash * Factor + (ulong)lower.Value + 1;
            length++;
        }

        if (length > 0) Add(Mixed(hash));
    }

    private void AddCharacters(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune)) AddSpace();
            else Add(Mixed((ulong)Rune.ToLowerInvariant(rune).Value));
        }

        AddSpace(); // between parts
    }

    private void AddSpace()
    {
        if (_count > 0 && _units[_count - 1] != Mixed(' ')) Add(Mixed(' '));
    }

    private void Add(ulong unit)
    {
        if (_count == _units.Length) Array.Resize(ref _units, 2 * _units.Length);
        _units[_count++] = unit;
    }

    /// <summary>SplitMix64's finish, a bijection.</summary>
    private static ulong Mixed(ulong hash)
    {
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return hash ^ (hash >> 31);
    }
}
