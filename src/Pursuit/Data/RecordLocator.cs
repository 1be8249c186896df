namespace Pursuit.Data;

/// <summary>Where a record is in the input: enough to find its bytes again.</summary>
/// <param name="Source">Position of its file in the pool's list of files.</param>
/// <param name="Row">Its number in that file, counted from 0 over every record, good or bad.</param>
/// <param name="Line">The 1-based line of its first byte; of a table's row its number from 1.</param>
/// <param name="Offset">Bytes before it in the (decompressed) file; of a table's row its number from 0.</param>
/// <param name="Length">Its bytes, without the line's end; of a table's row those of its JSON.</param>
public readonly record struct RecordLocator(int Source, long Row, long Line, long Offset, int Length);
