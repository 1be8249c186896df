using System.Text;

namespace Pursuit.Encoders;

/// <summary>
/// Reads of an ONNX file (a protocol buffer) what ONNX Runtime's messages don't tell well: the operators' version, and where weights are
/// that aren't in it. Weights themselves are skipped.
/// </summary>
internal sealed class OnnxReader
{
    private const int GraphField = 7, OpsetField = 8, InitializerField = 5, ExternalField = 13, VersionField = 2;
    private const int LongestText = 4096;
    private readonly string _path;
    private readonly Stream _stream;
    private readonly SortedSet<string> _locations = new(StringComparer.Ordinal);
    private long? _opset;

    private OnnxReader(string path, Stream stream) => (_path, _stream) = (path, stream);

    /// <summary>Reads a file.</summary>
    /// <exception cref="PursuitException">It can't be read, or isn't a protocol buffer.</exception>
    public static (long? Opset, IReadOnlyCollection<string> Locations) Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Read(path, stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(
                path, $"the file can't be read ({e.Message})", "a readable file", "Check the disk and the file's permissions.", e);
        }
    }

    /// <summary>Reads a file that is open.</summary>
    /// <exception cref="PursuitException">It isn't a protocol buffer.</exception>
    internal static (long? Opset, IReadOnlyCollection<string> Locations) Read(string path, Stream stream)
    {
        var reader = new OnnxReader(path, stream);
        reader.Fields(stream.Length, reader.OfModel);
        return (reader._opset, reader._locations);
    }

    private void OfModel(int field, bool isNumber, long end)
    {
        if (field == GraphField && !isNumber) Fields(end, OfGraph);
        if (field == OpsetField && !isNumber) Fields(end, OfOpset);
    }

    private void OfOpset(int field, bool isNumber, long value)
    {
        if (field == VersionField && isNumber) _opset = Math.Max(_opset ?? 0, value); // those of other domains are small
    }

    private void OfGraph(int field, bool isNumber, long end)
    {
        if (field == InitializerField && !isNumber) Fields(end, OfTensor);
    }

    private void OfTensor(int field, bool isNumber, long end)
    {
        if (field != ExternalField || isNumber) return;
        var (key, value) = ("", "");
        Fields(end, (inner, number, innerEnd) =>
        {
            if (inner == 1 && !number) key = Text(innerEnd);
            if (inner == 2 && !number) value = Text(innerEnd);
        });
        if (key == "location") _locations.Add(value);
    }

    // Visits each field up to a place: of a number its value, of anything else its end.
    private void Fields(long end, Action<int, bool, long> visit)
    {
        while (_stream.Position < end)
        {
            var key = Number();
            var field = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    visit(field, true, (long)Number());
                    break;
                case 1:
                    Skip(_stream.Position + 8, end);
                    break;
                case 5:
                    Skip(_stream.Position + 4, end);
                    break;
                case 2:
                    var length = (long)Number();
                    if (length < 0 || length > end - _stream.Position) throw Damaged();
                    var last = _stream.Position + length;
                    visit(field, false, last);
                    Skip(last, end);
                    break;
                default:
                    throw Damaged();
            }
        }
    }

    private void Skip(long to, long end)
    {
        if (to > end) throw Damaged();
        _stream.Position = to;
    }

    private ulong Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = _stream.ReadByte();
            if (next < 0) throw Damaged();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Damaged();
    }

    private string Text(long end)
    {
        if (end - _stream.Position > LongestText) throw Damaged();
        var bytes = new byte[end - _stream.Position];
        _stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private PursuitException Damaged() => PursuitException.At(
        _path, "bytes that aren't an ONNX file", "an ONNX model", "Copy it again: it may be cut off, or a Git LFS pointer.");
}
