using System.Text;

namespace Pursuit.Tokenization;

/// <summary>What a file's BPE model says beside its vocabulary and merges.</summary>
internal sealed record BytePairSettings
{
    /// <summary>Id for a character outside the vocabulary, or null: such a character is dropped.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Whether neighboring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether an unknown character becomes its UTF-8 bytes' tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is in the vocabulary is taken whole, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Whether words arrive as text that still has to be spelled in <see cref="ByteAlphabet"/>.</summary>
    public bool ByteLevel { get; init; }

    /// <summary>What the vocabulary writes before a character that isn't a word's first; empty for nothing.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>What the vocabulary writes behind a word's last character, such as <c>&lt;/w&gt;</c>; empty for nothing.</summary>
    public string WordSuffix { get; init; } = "";
}

/// <summary>Byte-pair encoding of one word (Sennrich and others, 2016): spell it in symbols, then join pairs by rank.</summary>
internal sealed class BytePairModel : IWordModel
{
    private const int ByteCount = 256;
    private readonly Dictionary<string, int> _vocabulary;
    private readonly MergeTable _merges;
    private readonly BytePairSettings _settings;
    private readonly int[] _byteIds = new int[ByteCount];
    private readonly int[] _fallbackIds = new int[ByteCount];
    private readonly Dictionary<int, int> _characterIds = [];
    private readonly bool _marksEnds; // characters are spelled by their place in the word

    public BytePairModel(Dictionary<string, int> vocabulary, MergeTable merges, BytePairSettings settings)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _settings = settings;
        _marksEnds = settings.ContinuingPrefix.Length + settings.WordSuffix.Length > 0;
        for (var value = 0; value < ByteCount; value++)
        {
            _byteIds[value] = vocabulary.GetValueOrDefault(ByteAlphabet.ToCharacter((byte)value).ToString(), -1);
            _fallbackIds[value] = vocabulary.GetValueOrDefault($"<0x{value:X2}>", -1);
        }

        foreach (var (token, id) in vocabulary)
        {
            if (Rune.DecodeFromUtf16(token, out var rune, out var length) == System.Buffers.OperationStatus.Done && length == token.Length)
                _characterIds[rune.Value] = id;
        }
    }

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<char> word, SymbolBuffer symbols)
    {
        symbols.Clear();
        if (_settings.IgnoreMerges && TryWhole(word, out var whole))
        {
            symbols.Add(whole, 0, word.Length);
            return;
        }

        if (_marksEnds) SpellWithMarks(word, symbols);
        else if (_settings.ByteLevel) SpellInBytes(word, symbols);
        else SpellInCharacters(word, symbols);
        symbols.Merge(_merges);
    }

    private bool TryWhole(ReadOnlySpan<char> word, out int id) =>
        _settings.ByteLevel
            ? _vocabulary.TryGetValue(ByteAlphabet.Encode(word), out id)
            : _vocabulary.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out id);

    private void SpellInBytes(ReadOnlySpan<char> word, SymbolBuffer symbols)
    {
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < word.Length;)
        {
            if (char.IsAscii(word[i]))
            {
                AddByte((byte)word[i], i, i + 1, symbols);
                i++;
                continue;
            }

            Rune.DecodeFromUtf16(word[i..], out var rune, out var length); // a lone surrogate reads as U+FFFD
            var count = rune.EncodeToUtf8(bytes);
            for (var k = 0; k < count; k++) AddByte(bytes[k], i, i + length, symbols);
            i += length;
        }
    }

    private void AddByte(byte value, int start, int end, SymbolBuffer symbols)
    {
        var id = _byteIds[value];
        if (id >= 0) symbols.Add(id, start, end);
        else AddOutside(new Rune(ByteAlphabet.ToCharacter(value)), start, end, symbols);
    }

    private void SpellInCharacters(ReadOnlySpan<char> word, SymbolBuffer symbols)
    {
        for (var i = 0; i < word.Length;)
        {
            Rune.DecodeFromUtf16(word[i..], out var rune, out var length);
            if (_characterIds.TryGetValue(rune.Value, out var id)) symbols.Add(id, i, i + length);
            else AddOutside(rune, i, i + length, symbols);
            i += length;
        }
    }

    private void SpellWithMarks(ReadOnlySpan<char> word, SymbolBuffer symbols)
    {
        for (var i = 0; i < word.Length;)
        {
            Rune.DecodeFromUtf16(word[i..], out var rune, out var length);
            var spelled = _settings.ByteLevel ? ByteAlphabet.Encode(word.Slice(i, length)) : rune.ToString();
            foreach (var character in spelled.EnumerateRunes().Index())
            {
                var first = i == 0 && character.Index == 0;
                var last = i + length == word.Length && character.Index == spelled.Length - character.Item.Utf16SequenceLength;
                var text = (first ? "" : _settings.ContinuingPrefix) + character.Item + (last ? _settings.WordSuffix : "");
                if (_vocabulary.TryGetValue(text, out var id)) symbols.Add(id, i, i + length);
                else AddOutside(character.Item, i, i + length, symbols);
            }

            i += length;
        }
    }

    private void AddOutside(Rune rune, int start, int end, SymbolBuffer symbols)
    {
        if (_settings.ByteFallback && TryFallback(rune, start, end, symbols)) return;
        if (_settings.UnknownId is not { } unknown) return;
        if (_settings.FuseUnknown && symbols.LastId == unknown) symbols.ExtendLast(end);
        else symbols.Add(unknown, start, end);
    }

    private bool TryFallback(Rune rune, int start, int end, SymbolBuffer symbols)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = rune.EncodeToUtf8(bytes);
        for (var k = 0; k < count; k++)
        {
            if (_fallbackIds[bytes[k]] < 0) return false;
        }

        for (var k = 0; k < count; k++) symbols.Add(_fallbackIds[bytes[k]], start, end);
        return true;
    }
}
