using System.Text;
using System.Text.Json;
using Pursuit.Data;
using Pursuit.Storage;

namespace Pursuit.Jobs.Export;

/// <summary>
/// The chosen examples for one trainer: which of them its loader takes as they are meant, in which layout and order. What it can't take
/// is left out of its file alone.
/// </summary>
internal sealed class TrainerExport
{
    private readonly Func<IReadOnlyList<int>, IEnumerable<Example>> _read;
    private readonly ITrainerLayout _layout;
    private readonly ExportColumns _columns;
    private readonly string?[] _faults;
    private readonly int[] _order;
    private readonly List<string> _notes = [];

    private TrainerExport(
        TrainerFormat format,
        Func<IReadOnlyList<int>, IEnumerable<Example>> read,
        ITrainerLayout layout,
        ExportColumns columns,
        string?[] faults,
        int[] order) =>
        (Format, _read, _layout, _columns, _faults, _order) = (format, read, layout, columns, faults, order);

    /// <summary>The trainer.</summary>
    public TrainerFormat Format { get; }

    /// <summary>Why an example isn't in the file; null where it is. [examples]</summary>
    public IReadOnlyList<string?> LeftOut => _faults;

    /// <summary>What a person should know of the file, once it is written.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>True where the trainer takes loss on the assistant's turns only by marks in the model's chat template.</summary>
    public bool NeedsGenerationMarks => _layout is TrlLayout { AsksForAssistantLoss: true };

    /// <summary>Looks at the examples; writes nothing.</summary>
    /// <param name="format">The trainer.</param>
    /// <param name="count">Examples.</param>
    /// <param name="read">Reads those of some numbers, 0 to <paramref name="count"/> - 1, in the order given.</param>
    public static TrainerExport Plan(TrainerFormat format, int count, Func<IReadOnlyList<int>, IEnumerable<Example>> read)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        var survey = new ExportSurvey();
        foreach (var example in read(all)) survey.Add(ExportRow.Of(example));
        var layout = TrainerLayouts.Of(format, survey);
        var columns = new ExportColumns(layout);
        var faults = new string?[count];
        var first = new List<(int Index, int Places)>();
        var rest = new List<int>();
        foreach (var (i, example) in read(all).Index())
        {
            var row = ExportRow.Of(example);
            faults[i] = row.Kind != survey.Kind ? "a record of another kind than the others" : row.Fault ?? layout.Fault(row);
            if (faults[i] is not null) continue;
            var (isFirst, places) = columns.Add(layout.Write(row));
            if (isFirst) first.Add((i, places));
            else rest.Add(i);
        }

        int[] order = [.. first.OrderByDescending(f => f.Places).Select(f => f.Index), .. rest];
        return new TrainerExport(format, read, TrainerLayouts.Of(format, survey), columns, faults, order);
    }

    /// <summary>Writes the data and the trainer's configuration.</summary>
    /// <param name="recordsPath">The file of chosen records; the new files stand beside it.</param>
    /// <param name="repeats">Copies of each example. [examples]</param>
    /// <returns>The line each example first stands on, from 1; 0 where it is left out. [examples]</returns>
    /// <exception cref="PursuitException">A file can't be written, or a dataset_info.json that stands there can't be added to.</exception>
    public IReadOnlyList<int> Write(string recordsPath, IReadOnlyList<int> repeats)
    {
        var files = TrainerFiles.Beside(recordsPath, Format);
        var lines = new int[_faults.Length];
        var line = 1;
        AtomicFile.Write(files.DataPath, stream =>
        {
            using var writer = new Utf8JsonWriter(stream, ExportJson.Line);
            foreach (var (example, i) in _read(_order).Zip(_order))
            {
                lines[i] = line;
                var row = _columns.Fill(_layout.Write(ExportRow.Of(example)));
                for (var copy = 0; copy < repeats[i]; copy++, line++)
                {
                    row.WriteTo(writer);
                    writer.Flush();
                    writer.Reset();
                    stream.WriteByte((byte)'\n');
                }
            }
        });
        var configuration = Encoding.UTF8.GetBytes(_layout.Configuration(files, _columns));
        AtomicFile.Write(files.ConfigurationPath, s => s.Write(configuration));
        AddNotes();
        return lines;
    }

    private void AddNotes()
    {
        _notes.Clear();
        _notes.AddRange(_layout.Notes(_columns));
        const string Mixed = "different kinds of values in different records";
        _notes.AddRange(_columns.LeftOut.Select(key => $"the field '{key}' of messages is left out, because it holds {Mixed}"));
        if (_columns.Mixed.Where(path => path.Contains("arguments.", StringComparison.Ordinal)).ToArray() is not [var one, ..] mixed)
        {
            if (_columns.ArgumentsDiffer)
                _notes.Add("calls have different arguments: 'datasets' before version 4.7 gives each the others' too, as null");
            return;
        }

        var which = mixed.Length == 1
            ? $"an argument of calls ({one})"
            : FormattableString.Invariant($"{mixed.Length:N0} arguments of calls ({one}, ...)");
        _notes.Add($"{which} with {Mixed}: 'datasets' reads such a file from version 4.7 on");
    }
}
