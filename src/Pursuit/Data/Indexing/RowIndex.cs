using Pursuit.Data.Deduplication;
using Pursuit.Data.Reading;
using Pursuit.Storage;

namespace Pursuit.Data.Indexing;

/// <summary>Where every input row is and what became of it, in 20 bytes a row.</summary>
/// <param name="directory">Where the files of a long index are made; null for the system's temporary directory.</param>
internal sealed class RowIndex(string? directory) : IDisposable
{
    /// <summary>Rows a pool may have: a fate is 2 bits of kind and 30 bits of number.</summary>
    public const int MaxRows = 1 << 30;

    private const int MaxReasons = 1 << 16;
    private const int KindShift = 30;
    private const uint NumberMask = (1u << KindShift) - 1;

    /// <summary>Instead of a reason's number: a fifth fate has no place in two bits.</summary>
    private const int FilteredNumber = (int)NumberMask;

    private readonly SpillableList<long> _offsets = new(directory);
    private readonly SpillableList<int> _lengths = new(directory);
    private readonly SpillableList<uint> _lines = new(directory);
    private readonly SpillableList<uint> _fates = new(directory);
    private readonly List<int> _firstRows = [];
    private readonly List<string> _reasons = [];
    private readonly Dictionary<string, int> _reasonNumbers = new(StringComparer.Ordinal);
    private readonly List<int> _reasonCounts = [];
    private readonly List<int> _similarRows = [];
    private readonly List<double> _similarities = [];

    public int Count => _fates.Count;

    /// <summary>Rows that the pool's filter leaves out.</summary>
    public int FilteredCount { get; private set; }

    public int SourceCount => _firstRows.Count;

    /// <summary>The rows that follow belong to the next source.</summary>
    public void BeginSource() => _firstRows.Add(Count);

    /// <summary>The first row of a source; the row count for one past the last.</summary>
    public int FirstRow(int source) => source < _firstRows.Count ? _firstRows[source] : Count;

    /// <summary>Adds a row of the pool, or one that repeats the row at a pool position.</summary>
    public void Add(RecordBatch.Entry entry, RowFate fate, int position) => AddRow(entry, fate, position);

    /// <summary>Adds a bad row.</summary>
    public void AddQuarantined(RecordBatch.Entry entry, string reason) => AddRow(entry, RowFate.Quarantined, ReasonNumber(reason));

    /// <summary>Adds a row that the pool's filter leaves out.</summary>
    public void AddFiltered(RecordBatch.Entry entry)
    {
        AddRow(entry, RowFate.Quarantined, FilteredNumber);
        FilteredCount++;
    }

    public RowFate Fate(int row) =>
        _fates[row] == Packed(RowFate.Quarantined, FilteredNumber) ? RowFate.Filtered : (RowFate)(_fates[row] >> KindShift);

    /// <summary>The pool position of the row, or of the row it repeats.</summary>
    public int Position(int row) => (int)(_fates[row] & NumberMask);

    public string Reason(int row) => _reasons[Position(row)];

    /// <summary>How similar a near duplicate is to the row it resembles.</summary>
    public double Similarity(int row) => _similarities[_similarRows.BinarySearch(row)];

    public long Line(int row) => _lines[row];

    public int Source(int row)
    {
        // Empty files share a first row with the next: the last of them holds the row.
        int low = 0, high = _firstRows.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (_firstRows[middle] <= row) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    public RecordLocator Locator(int row)
    {
        var source = Source(row);
        return new RecordLocator(source, row - _firstRows[source], _lines[row], _offsets[row], _lengths[row]);
    }

    /// <summary>The quarantine's reasons and how many rows each has, the most common first.</summary>
    public IReadOnlyList<(string Reason, int Count)> ReasonCounts() =>
        _reasons.Zip(_reasonCounts).OrderByDescending(r => r.Second).ThenBy(r => r.First, StringComparer.Ordinal).ToList();

    /// <summary>
    /// Takes near duplicates out of the pool: later positions move up, and their rows, with exact copies of them, resemble the kept ones.
    /// </summary>
    /// <param name="duplicates">In the order of their positions; their originals are none of them.</param>
    /// <param name="moved">Each former position's new one, or of a duplicate the complement of its number among them.</param>
    public void Drop(IReadOnlyList<NearDuplicate> duplicates, ReadOnlySpan<int> moved)
    {
        for (var row = 0; row < Count; row++)
        {
            if (Fate(row) is RowFate.Quarantined or RowFate.Filtered) continue;
            var (fate, position) = (Fate(row), moved[Position(row)]);
            if (position < 0)
            {
                var duplicate = duplicates[~position];
                (fate, position) = (RowFate.NearDuplicateOf, moved[duplicate.Original]);
                _similarRows.Add(row);
                _similarities.Add(duplicate.Similarity);
            }

            _fates[row] = Packed(fate, position);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _offsets.Dispose();
        _lengths.Dispose();
        _lines.Dispose();
        _fates.Dispose();
    }

    private static uint Packed(RowFate fate, int number) => ((uint)fate << KindShift) | (uint)number;

    private void AddRow(RecordBatch.Entry entry, RowFate fate, int number)
    {
        _offsets.Add(entry.Offset);
        _lengths.Add(entry.Length);
        _lines.Add((uint)entry.Line);
        _fates.Add(Packed(fate, number));
    }

    private int ReasonNumber(string reason)
    {
        // Reasons quote what they found, so there may be as many as rows: beyond a bound only the kind is kept.
        if (_reasons.Count >= MaxReasons && !_reasonNumbers.ContainsKey(reason)) reason = reason[..Math.Max(0, reason.IndexOf(':'))];
        if (!_reasonNumbers.TryGetValue(reason, out var number))
        {
            number = _reasons.Count;
            _reasons.Add(reason);
            _reasonCounts.Add(0);
            _reasonNumbers.Add(reason, number);
        }

        _reasonCounts[number]++;
        return number;
    }
}
