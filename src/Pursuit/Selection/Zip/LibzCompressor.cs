using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pursuit.Selection.Zip;

/// <summary>
/// The system's libz: the tail is compressed once, and the compressor's state copied for every text (<c>deflateCopy</c>). Sizes
/// are those of the whole compressed at once by the same library.
/// </summary>
internal sealed unsafe class LibzCompressor : ITailCompressor
{
    private const int Level = 9;
    private const int NoFlush = 0;
    private const int Finish = 4;
    private const int StreamEnd = 1;
    private const int OutputBytes = 1 << 14;

    private static readonly string[] Names = ["libz.so.1", "libz.1.dylib", "zlib1.dll"];
    private static readonly Lazy<Library?> Loaded = new(Library.Load);

    private readonly Library _library;
    private ZStream* _tail;

    /// <summary>Opens the library.</summary>
    /// <exception cref="PursuitException">There is none on this machine.</exception>
    public LibzCompressor()
    {
        _library = Loaded.Value
            ?? throw PursuitException.At(
                "zip.compressor",
                "libz, which isn't on this machine",
                $"one of: {string.Join(", ", Names)}",
                "Install zlib, or set zip.compressor=managed.");
    }

    /// <summary>True where the library is there.</summary>
    public static bool IsPresent => Loaded.Value is not null;

    /// <inheritdoc/>
    public int SetTail(ReadOnlySpan<byte> tail)
    {
        Close();
        _tail = (ZStream*)NativeMemory.AllocZeroed((nuint)sizeof(ZStream));
        Check(_library.Init(_tail, Level, _library.Version, sizeof(ZStream)), "deflateInit");
        Feed(_tail, tail, NoFlush);
        return SizeBehindTail([]);
    }

    /// <inheritdoc/>
    public int SizeBehindTail(ReadOnlySpan<byte> text)
    {
        var copy = default(ZStream);
        Check(_library.Copy(&copy, _tail), "deflateCopy");
        Feed(&copy, text, Finish); // the source of a copy is only read
        var size = (int)copy.TotalOut.Value;
        _library.End(&copy);
        return size;
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private void Close()
    {
        if (_tail is null) return;
        _library.End(_tail); // its complaint that output was left is what was meant
        NativeMemory.Free(_tail);
        _tail = null;
    }

    private void Feed(ZStream* stream, ReadOnlySpan<byte> text, int flush)
    {
        var output = stackalloc byte[OutputBytes]; // written over and over: only its length is of use
        fixed (byte* input = text)
        {
            stream->NextIn = input;
            stream->AvailableIn = (uint)text.Length;
            int result;
            do
            {
                stream->NextOut = output;
                stream->AvailableOut = OutputBytes;
                result = _library.Deflate(stream, flush);
            }
            while (flush == Finish ? result == 0 : stream->AvailableIn > 0);
            Debug.Assert(result == (flush == Finish ? StreamEnd : 0) || text.IsEmpty, "zlib takes all that it is given");
            stream->NextIn = null;
        }
    }

    private static void Check(int result, string call)
    {
        if (result != 0) throw new InvalidOperationException($"zlib's {call} returned {result}");
    }

    /// <summary>zlib.h's z_stream.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ZStream
    {
        public byte* NextIn;
        public uint AvailableIn;
        public CULong TotalIn;
        public byte* NextOut;
        public uint AvailableOut;
        public CULong TotalOut;
        public byte* Message;
        public void* State;
        public void* Allocate;
        public void* Free;
        public void* Opaque;
        public int DataType;
        public CULong Adler;
        public CULong Reserved;
    }

    /// <summary>The library's functions.</summary>
    private sealed class Library
    {
        private readonly nint _handle;
        private readonly delegate* unmanaged<byte*> _version;
        private readonly delegate* unmanaged<ZStream*, int, byte*, int, int> _init;
        private readonly delegate* unmanaged<ZStream*, int, int> _deflate;
        private readonly delegate* unmanaged<ZStream*, ZStream*, int> _copy;
        private readonly delegate* unmanaged<ZStream*, int> _end;

        private Library(nint handle)
        {
            _handle = handle;
            _version = (delegate* unmanaged<byte*>)Export("zlibVersion");
            _init = (delegate* unmanaged<ZStream*, int, byte*, int, int>)Export("deflateInit_");
            _deflate = (delegate* unmanaged<ZStream*, int, int>)Export("deflate");
            _copy = (delegate* unmanaged<ZStream*, ZStream*, int>)Export("deflateCopy");
            _end = (delegate* unmanaged<ZStream*, int>)Export("deflateEnd");
        }

        public byte* Version => _version();

        public static Library? Load()
        {
            foreach (var name in Names)
                if (NativeLibrary.TryLoad(name, out var handle)) return new Library(handle);
            return null;
        }

        public int Init(ZStream* stream, int level, byte* version, int size) => _init(stream, level, version, size);

        public int Deflate(ZStream* stream, int flush) => _deflate(stream, flush);

        public int Copy(ZStream* destination, ZStream* source) => _copy(destination, source);

        public int End(ZStream* stream) => _end(stream);

        private void* Export(string name) => (void*)NativeLibrary.GetExport(_handle, name);
    }
}
