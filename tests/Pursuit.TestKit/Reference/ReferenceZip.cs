using System.IO.Compression;
using System.Text;
using Pursuit.Selection;
using Pursuit.Selection.Zip;

namespace Pursuit.TestKit.Reference;

/// <summary>The rounds of <see cref="ZipSelector"/> by their definition, with every stream compressed whole: its plain twin.</summary>
internal static class ReferenceZip
{
    /// <summary>Positions in the order chosen.</summary>
    /// <param name="problem">Content ids.</param>
    /// <param name="texts">[pool].</param>
    /// <param name="options">The rounds' sizes.</param>
    /// <param name="count">How many are chosen.</param>
    /// <param name="window">
    /// How much of what stands before a text DEFLATE is shown, in bytes; the whole where it is at least that long.
    /// </param>
    public static List<int> Choose(SelectionProblem problem, IReadOnlyList<string> texts, ZipOptions options, int count, int window)
    {
        var left = Enumerable.Range(0, texts.Count).ToList();
        var ratios = texts.Select(t => Ratio([Encoding.UTF8.GetBytes(t)], window)).ToArray();
        var chosen = new List<int>();
        while (chosen.Count < count && left.Count > 0)
        {
            var rescored = Sorted(left).Take(options.Rescored).ToList();
            foreach (var i in rescored) ratios[i] = Ratio([.. chosen.Append(i).Select(Bytes)], window);
            var candidates = Sorted(rescored).Take(options.Candidates).ToList();
            var batch = new List<int>();
            while (batch.Count < options.Batch && batch.Count < candidates.Count && chosen.Count + batch.Count < count)
                batch.Add(
                    candidates.Except(batch).OrderBy(
                        i => Ratio([.. batch.Append(i).Select(Bytes)], window)).ThenBy(i => problem.ContentIds[i]).First());
            chosen.AddRange(batch);
            left = [.. left.Except(options.Exhaust == ZipExhaust.Batch ? batch : candidates)];
        }

        return chosen;

        byte[] Bytes(int i) => Encoding.UTF8.GetBytes(texts[i]);

        IEnumerable<int> Sorted(IEnumerable<int> positions) => positions.OrderBy(i => ratios[i]).ThenBy(i => problem.ContentIds[i]);
    }

    /// <summary>R of texts one behind another, each compressed behind the window's bytes before it.</summary>
    private static double Ratio(IReadOnlyList<byte[]> texts, int window)
    {
        var before = new List<byte>();
        var size = CompressedText.EmptySize;
        foreach (var text in texts)
        {
            var tail = before.Skip(Math.Max(0, before.Count - window)).ToArray();
            size += Size([.. tail, .. text]) - Size(tail);
            before.AddRange(text);
        }

        return (double)before.Count / size;
    }

    private static int Size(byte[] bytes)
    {
        if (bytes.Length == 0) return CompressedText.EmptySize;
        using var stream = new MemoryStream();
        using (var zlib = new ZLibStream(stream, new ZLibCompressionOptions { CompressionLevel = 9 }, leaveOpen: true)) zlib.Write(bytes);
        return (int)stream.Length;
    }
}
