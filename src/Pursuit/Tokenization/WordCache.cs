using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pursuit.Tokenization;

/// <summary>
/// One thread's memory of words it has merged before: text is mostly words seen already. Bounded in memory and in work
/// per look-up, whatever the text; when full it forgets everything and starts again.
/// </summary>
internal sealed class WordCache
{
    /// <summary>Longest word remembered, in characters; a token's place in it fits a byte.</summary>
    public const int LongestWord = 64;

    private const int Slots = 1 << 16;
    private const int Probes = 8;
    private const int CharacterCapacity = 1 << 20;
    private const int TokenCapacity = 1 << 19;

    private readonly Entry[] _entries = new Entry[Slots];
    private char[] _characters = new char[1 << 12];
    private int[] _ids = new int[1 << 12];
    private ushort[] _ranges = new ushort[1 << 12];
    private int _characterCount;
    private int _tokenCount;

    /// <summary>The hash to look a word up by.</summary>
    public static uint Hash(ReadOnlySpan<char> word)
    {
        var hash = (ulong)word.Length * 0x9E3779B97F4A7C15UL;
        ref var characters = ref MemoryMarshal.GetReference(word);
        var i = 0;
        for (; i + 4 <= word.Length; i += 4)
        {
            var four = Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref Unsafe.Add(ref characters, i)));
            hash = BitOperations.RotateLeft((hash ^ four) * 0xD6E8FEB86659FD93UL, 29);
        }

        ulong rest = 0;
        for (; i < word.Length; i++) rest = (rest << 16) | Unsafe.Add(ref characters, i);
        hash = (hash ^ rest) * 0xD6E8FEB86659FD93UL;
        return (uint)((hash ^ (hash >> 32)) | 1); // never 0: that marks an empty slot
    }

    /// <summary>Finds a word's tokens.</summary>
    /// <param name="word">The word.</param>
    /// <param name="hash">Its <see cref="Hash"/>.</param>
    /// <param name="ids">Its token ids.</param>
    /// <param name="ranges">Of each token its first character (low byte) and one past its last (high byte).</param>
    public bool TryGet(ReadOnlySpan<char> word, uint hash, out ReadOnlySpan<int> ids, out ReadOnlySpan<ushort> ranges)
    {
        for (uint probe = 0; probe < Probes; probe++)
        {
            ref var entry = ref _entries[(hash + probe) & (Slots - 1)];
            if (entry.Hash == 0) break;
            if (entry.Hash != hash || entry.Length != word.Length) continue;
            if (!word.SequenceEqual(_characters.AsSpan(entry.CharacterStart, entry.Length))) continue;
            ids = _ids.AsSpan(entry.TokenStart, entry.TokenCount);
            ranges = _ranges.AsSpan(entry.TokenStart, entry.TokenCount);
            return true;
        }

        ids = default;
        ranges = default;
        return false;
    }

    /// <summary>Remembers a word of at most <see cref="LongestWord"/> characters.</summary>
    public void Add(ReadOnlySpan<char> word, uint hash, SymbolBuffer tokens)
    {
        if (_characterCount + word.Length > CharacterCapacity || _tokenCount + tokens.Count > TokenCapacity) Clear();
        var slot = hash & (Slots - 1);
        for (uint probe = 0; probe < Probes; probe++)
        {
            if (_entries[(hash + probe) & (Slots - 1)].Hash != 0) continue;
            slot = (hash + probe) & (Slots - 1);
            break;
        }

        _entries[slot] = new Entry
        {
            Hash = hash,
            CharacterStart = _characterCount,
            TokenStart = _tokenCount,
            Length = (ushort)word.Length,
            TokenCount = (ushort)tokens.Count,
        };
        EnsureRoom(word.Length, tokens.Count);
        word.CopyTo(_characters.AsSpan(_characterCount));
        tokens.Ids.CopyTo(_ids.AsSpan(_tokenCount));
        for (var i = 0; i < tokens.Count; i++) _ranges[_tokenCount + i] = (ushort)(tokens.Starts[i] | (tokens.Ends[i] << 8));
        _characterCount += word.Length;
        _tokenCount += tokens.Count;
    }

    private void Clear()
    {
        Array.Clear(_entries);
        _characterCount = 0;
        _tokenCount = 0;
    }

    private void EnsureRoom(int characters, int tokens)
    {
        if (_characterCount + characters > _characters.Length) Array.Resize(ref _characters, 2 * _characters.Length);
        if (_tokenCount + tokens <= _ids.Length) return;
        Array.Resize(ref _ids, 2 * _ids.Length);
        Array.Resize(ref _ranges, 2 * _ranges.Length);
    }

    private struct Entry
    {
        public uint Hash;
        public int CharacterStart;
        public int TokenStart;
        public ushort Length;
        public ushort TokenCount;
    }
}
