using System.Text;

namespace Pursuit.Tokenization.Training;

/// <summary>Counts distinct words; its order is the order of first sight, so results depend on the texts alone.</summary>
internal sealed class WordCounter
{
    private const int LargestArena = 1 << 30;
    private Entry[] _entries = new Entry[1 << 12];
    private int[] _slots = new int[1 << 13]; // entry number plus one; 0 is free
    private char[] _characters = new char[1 << 14];
    private int _characterCount;

    /// <summary>Distinct words.</summary>
    public int Count { get; private set; }

    /// <summary>Counts one occurrence.</summary>
    public void Add(ReadOnlySpan<char> word)
    {
        var hash = WordCache.Hash(word);
        var slot = (int)(hash >> 1) & (_slots.Length - 1);
        while (_slots[slot] != 0)
        {
            ref var entry = ref _entries[_slots[slot] - 1];
            if (entry.Hash == hash && word.SequenceEqual(_characters.AsSpan(entry.Start, entry.Length)))
            {
                entry.Occurrences++;
                return;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        Insert(word, hash, slot);
    }

    /// <summary>A word and how often it occurred.</summary>
    public ReadOnlySpan<char> Word(int index, out long occurrences)
    {
        ref var entry = ref _entries[index];
        occurrences = entry.Occurrences;
        return _characters.AsSpan(entry.Start, entry.Length);
    }

    private void Insert(ReadOnlySpan<char> word, uint hash, int slot)
    {
        if ((long)_characterCount + word.Length > LargestArena)
            throw PursuitException.At(
                "BPE training", $"{Count} distinct words of over {LargestArena} characters together", "a corpus with fewer distinct words",
                "Train on a sample of it.");
        if (_characterCount + word.Length > _characters.Length)
            Array.Resize(ref _characters, (int)Math.Min(LargestArena, Math.Max(2L * _characters.Length, _characterCount + word.Length)));
        if (Count == _entries.Length) Array.Resize(ref _entries, 2 * _entries.Length);
        word.CopyTo(_characters.AsSpan(_characterCount));
        _entries[Count] = new Entry { Hash = hash, Start = _characterCount, Length = word.Length, Occurrences = 1 };
        _characterCount += word.Length;
        _slots[slot] = ++Count;
        if (2 * Count > _slots.Length) Rehash();
    }

    private void Rehash()
    {
        _slots = new int[2 * _slots.Length];
        for (var i = 0; i < Count; i++)
        {
            var slot = (int)(_entries[i].Hash >> 1) & (_slots.Length - 1);
            while (_slots[slot] != 0) slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = i + 1;
        }
    }

    private struct Entry
    {
        public uint Hash;
        public int Start;
        public int Length;
        public long Occurrences;
    }
}

/// <summary>Words spelled in symbols, flat: word w is Symbols[Starts[w] .. Starts[w] + Lengths[w]].</summary>
internal sealed class SpeltWords
{
    private SpeltWords(int[] symbols, int[] starts, int[] lengths, long[] occurrences)
    {
        Symbols = symbols;
        Starts = starts;
        Lengths = lengths;
        Occurrences = occurrences;
    }

    /// <summary>All symbols.</summary>
    public int[] Symbols { get; }

    /// <summary>First symbol of each word.</summary>
    public int[] Starts { get; }

    /// <summary>Symbols of each word; shrinks as pairs are merged.</summary>
    public int[] Lengths { get; }

    /// <summary>Occurrences of each word.</summary>
    public long[] Occurrences { get; }

    /// <summary>Spells the counted words in bytes, each as the symbol <paramref name="symbolOfByte"/> gives it.</summary>
    public static SpeltWords FromBytes(WordCounter counter, ReadOnlySpan<int> symbolOfByte)
    {
        var starts = new int[counter.Count];
        var lengths = new int[counter.Count];
        var occurrences = new long[counter.Count];
        long total = 0;
        for (var w = 0; w < counter.Count; w++)
        {
            lengths[w] = Encoding.UTF8.GetByteCount(counter.Word(w, out occurrences[w]));
            starts[w] = (int)total;
            total += lengths[w];
            if (total > Array.MaxLength)
                throw PursuitException.At(
                    "BPE training", $"distinct words of over {Array.MaxLength} bytes together", "a corpus with fewer distinct words",
                    "Train on a sample of it.");
        }

        var symbols = new int[total];
        var bytes = new byte[lengths.Length == 0 ? 0 : lengths.Max()];
        for (var w = 0; w < counter.Count; w++)
        {
            var count = Encoding.UTF8.GetBytes(counter.Word(w, out _), bytes);
            for (var i = 0; i < count; i++) symbols[starts[w] + i] = symbolOfByte[bytes[i]];
        }

        return new SpeltWords(symbols, starts, lengths, occurrences);
    }
}
