using Pursuit.Data;
using Pursuit.Data.Tables;
using Pursuit.Formats.Arrow;
using Pursuit.Formats.Parquet;
using Pursuit.Formats.Parquet.Writing;

namespace Pursuit.Formats;

/// <summary>The tables that this library reads: Parquet, and Arrow's IPC files and streams (Feather 2).</summary>
public static class TableFormats
{
    /// <summary>
    /// Registers them with <see cref="RecordFormats"/>, for all pools that are opened from now on, and lets records, scores and facts be
    /// written as Parquet.
    /// </summary>
    public static void Register()
    {
        RecordFormats.Register(new ParquetFormat());
        RecordFormats.Register(new ArrowFormat());
        TableFile.Parquet = new ParquetEncoder();
    }
}
