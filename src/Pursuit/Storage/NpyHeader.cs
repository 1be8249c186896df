using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Pursuit.Storage;

/// <summary>
/// The header of an .npy file: 6 bytes of magic, 2 of version, the length (2 bytes in version 1, 4 in versions 2 and 3),
/// then a Python dictionary such as {'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }.
/// </summary>
internal sealed record NpyHeader(TensorType Type, bool FortranOrder, IReadOnlyList<long> Shape)
{
    private const int MaxHeaderBytes = 1 << 16;
    private const int MaxDimensions = 32;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Such as "(3, 4) Float32".</summary>
    public string Describe() => $"({string.Join(", ", Shape)}) {Type}";

    /// <summary>Reads a mapped file's header and says where the data starts.</summary>
    public static (NpyHeader Header, long DataStart) Read(MappedFile file)
    {
        if (file.Length < 10 || !file.Bytes(0, 6).SequenceEqual(Magic))
            throw PursuitException.At(
                file.Path,
                file.Length == 0
                    ? "an empty file"
                    : $"a file of {file.Length} bytes that starts with {Convert.ToHexString(file.Bytes(0, (int)Math.Min(6, file.Length)))}",
                "an .npy file, which starts with 934E554D5059", "Compressed .npz archives must be unpacked first.");
        var version = file.Bytes(6, 2);
        if (version[0] is < 1 or > 3)
            throw PursuitException.At(file.Path, $"version {version[0]}.{version[1]}", "version 1, 2 or 3");
        var prefix = version[0] == 1 ? 10 : 12;
        var length = version[0] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file.Bytes(8, 2))
            : file.Length >= prefix ? BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes(8, 4)) : uint.MaxValue;
        if (length > MaxHeaderBytes || length > file.Length - prefix)
            throw PursuitException.At(
                file.Path, $"a header of {length} bytes in a file of {file.Length}",
                $"at most {Math.Max(0, Math.Min(MaxHeaderBytes, file.Length - prefix))} bytes", "The file may be incomplete or damaged.");
        var text = file.Bytes(prefix, (int)length);
        if (!Utf8.IsValid(text))
            throw PursuitException.At(file.Path, $"a header of {length} bytes that isn't UTF-8", "text");
        return (Parse(file.Path, Encoding.UTF8.GetString(text)), prefix + length);
    }

    /// <summary>The bytes in front of an array in C order, as NumPy writes them (version 1.0, padded to 64).</summary>
    /// <param name="shape">The array's shape.</param>
    /// <param name="type">Its numbers as NumPy spells them; fp32 by default.</param>
    public static byte[] Format(IReadOnlyList<long> shape, string type = "<f4")
    {
        var sizes = string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture))) + (shape.Count == 1 ? "," : "");
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({sizes}), }}";
        var total = (10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        var bytes = new byte[total];
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(total - 10));
        bytes.AsSpan(10).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(10));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    private static NpyHeader Parse(string path, string text)
    {
        var reader = new DictionaryReader(path, text);
        string? descr = null;
        bool? fortran = null;
        List<long>? shape = null;
        reader.Expect('{');
        while (!reader.TryTake('}'))
        {
            var key = reader.Text();
            reader.Expect(':');
            switch (key)
            {
                case "descr" when descr is null:
                    descr = reader.Peek == '['
                        ? throw PursuitException.At(
                            path, "a structured array", "an array of '<f2', '<f4' or '<f8'", "Save each field as an array of its own.")
                        : reader.Text();
                    break;
                case "fortran_order" when fortran is null:
                    fortran = reader.Boolean();
                    break;
                case "shape" when shape is null:
                    shape = reader.Tuple(MaxDimensions);
                    break;
                default:
                    throw reader.Fault($"the key '{key}'", "'descr', 'fortran_order' and 'shape', once each");
            }

            if (!reader.TryTake(',') && reader.Peek != '}')
                throw reader.Fault($"'{reader.Peek}' after the value of '{key}'", "',' or '}'");
        }

        reader.End();
        if (descr is null || fortran is null || shape is null)
            throw reader.Fault(
                $"no '{(descr is null ? "descr" : fortran is null ? "fortran_order" : "shape")}'", "'descr', 'fortran_order' and 'shape'");
        var type = descr switch
        {
            "<f2" => TensorType.Float16,
            "<f4" => TensorType.Float32,
            "<f8" => TensorType.Float64,
            "|O" or "O" => throw PursuitException.At(
                path, "an object array, whose data is a pickle", "an array of '<f2', '<f4' or '<f8'",
                "Reading a pickle runs its code, so Pursuit never does; save array.astype('float32')."),
            _ => throw PursuitException.At(
                path, $"element type '{descr}'", "'<f2', '<f4' or '<f8' (little-endian floats)", "Save array.astype('<f4')."),
        };
        return new NpyHeader(type, fortran.Value, shape);
    }

    /// <summary>Reads just enough of Python's literal syntax.</summary>
    private ref struct DictionaryReader(string path, string text)
    {
        private int _at;

        public char Peek
        {
            get
            {
                while (_at < text.Length && text[_at] is ' ' or '\n' or '\t' or '\r')
                    _at++;
                return _at < text.Length ? text[_at] : '\0';
            }
        }

        public bool TryTake(char c)
        {
            if (Peek != c || _at >= text.Length)
                return false;
            _at++;
            return true;
        }

        public void Expect(char c)
        {
            if (!TryTake(c))
                throw Fault(_at < text.Length ? $"'{Peek}'" : "the end", $"'{c}'");
        }

        public string Text()
        {
            var quote = Peek;
            if (quote is not ('\'' or '"'))
                throw Fault($"'{quote}'", "a quoted text");
            var end = text.IndexOf(quote, _at + 1);
            if (end < 0)
                throw Fault("a text without its closing quote", "a quoted text");
            var value = text[(_at + 1)..end];
            _at = end + 1;
            return value;
        }

        public bool Boolean()
        {
            var value = Peek == 'T';
            var word = value ? "True" : "False";
            if (string.CompareOrdinal(text, _at, word, 0, word.Length) != 0)
                throw Fault($"'{Peek}'", "True or False");
            _at += word.Length;
            return value;
        }

        public List<long> Tuple(int most)
        {
            var values = new List<long>();
            Expect('(');
            while (!TryTake(')'))
            {
                _ = Peek; // skips white space
                var start = _at;
                while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                    _at++;
                if (!long.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                    || values.Count == most)
                    throw Fault(
                        $"'{text.AsSpan(start, Math.Min(24, text.Length - start)).TrimEnd()}' in the shape",
                        $"at most {most} whole numbers from 0 to {long.MaxValue}");
                if (_at < text.Length && text[_at] == 'L')
                    _at++; // Python 2 wrote longs so
                values.Add(value);
                if (!TryTake(',') && Peek != ')')
                    throw Fault($"'{Peek}' in the shape", "',' or ')'");
            }

            return values;
        }

        public void End()
        {
            if (Peek != '\0' || _at < text.Length)
                throw Fault($"'{Peek}' after the dictionary", "nothing but white space");
        }

        public readonly PursuitException Fault(string found, string expected) =>
            PursuitException.At($"{path}, header character {_at}", found, expected, "The file is damaged or wasn't written by NumPy.");
    }
}
