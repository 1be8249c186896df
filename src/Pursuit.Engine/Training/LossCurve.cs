using System.Text;
using System.Text.Json;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Engine.Training;

/// <summary>One step of a training.</summary>
/// <param name="Step">Steps done, this one included.</param>
/// <param name="Tokens">Tokens seen, this step's included.</param>
/// <param name="Loss">The mean loss over the batch's labels in nats.</param>
/// <param name="LearningRate">Its learning rate.</param>
/// <param name="GradientNorm">The gradient's norm before clipping.</param>
/// <param name="HeldOutLoss">The loss per token on the held-out data after this step, where it was measured.</param>
internal sealed record LossPoint(long Step, long Tokens, double Loss, double LearningRate, double GradientNorm, double? HeldOutLoss = null);

/// <summary>
/// The loss of every step as JSON lines. It holds no times, so that a continued training ends in the same bytes as one
/// that was never interrupted.
/// </summary>
internal sealed class LossCurve : IDisposable
{
    // Unbuffered: a line on a full disk fails where it is written, and nothing is left to fail when the file is closed.
    private readonly FileStream _stream;

    private LossCurve(FileStream stream, LossPoint? last) => (_stream, Last) = (stream, last);

    /// <summary>The last step's point; null before the first.</summary>
    public LossPoint? Last { get; private set; }

    /// <summary>Opens a curve to go on after a step; later points, of steps a killed process took after its last checkpoint, go.</summary>
    /// <param name="path">The file.</param>
    /// <param name="step">The last step to keep; 0 starts afresh.</param>
    /// <param name="corrected">That step's point in place of the file's; null keeps it as it is.</param>
    /// <exception cref="PursuitException">The file can't be written or is no loss curve.</exception>
    public static LossCurve Open(string path, long step, LossPoint? corrected = null)
    {
        var kept = new StringBuilder();
        LossPoint? last = null;
        if (step > 0)
        {
            foreach (var (line, point) in ReadLines(path).Where(l => l.Point.Step <= step))
            {
                last = point.Step == step ? corrected ?? point : point;
                kept.Append(last == point ? line : JsonSerializer.Serialize(last, RunJson.Compact)).Append('\n');
            }

            if (last?.Step != step)
                throw PursuitException.At(
                    path,
                    $"the loss curve ends at step {last?.Step ?? 0}",
                    $"at least step {step}, where the checkpoint stands",
                    $"Choose another {ApiName.Run}, or delete this one to start again.");
        }

        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(kept.ToString())));
        try
        {
            return AtEnd(path, last);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the loss curve can't be written ({e.Message})", "a writable file", null, e);
        }
    }

    /// <summary>Reads a curve.</summary>
    /// <exception cref="PursuitException">The file can't be read or is no loss curve.</exception>
    public static IReadOnlyList<LossPoint> Read(string path) => [.. ReadLines(path).Select(l => l.Point)];

    /// <summary>Adds a step.</summary>
    /// <exception cref="PursuitException">The disk is full.</exception>
    public void Add(LossPoint point)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(point, RunJson.Compact), (byte)'\n'];
        Try(() => Disk.Write(_stream, line));
        Last = point;
    }

    /// <summary>Makes sure that everything added so far is on the disk.</summary>
    /// <exception cref="PursuitException">The disk is full.</exception>
    public void Flush() => Try(() => _stream.Flush(flushToDisk: true));

    /// <summary>Seals what was added so far.</summary>
    /// <exception cref="PursuitException">The file can't be read back.</exception>
    public FileSeal Seal() => FileSeal.OfBeginning(_stream.Name, _stream.Length);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    private static LossCurve AtEnd(string path, LossPoint? last)
    {
        var stream = Disk.OpenInPlace(path, FileShare.Read, bufferSize: 0);
        stream.Position = stream.Length;
        return new LossCurve(stream, last);
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            throw PursuitException.At(
                _stream.Name,
                $"the loss curve couldn't be written ({e.Message.TrimEnd('.')})",
                "a writable directory with free space",
                "The last checkpoint is whole; free some space and run the same command again to continue from there.",
                e);
        }
    }

    private static IEnumerable<(string Line, LossPoint Point)> ReadLines(string path)
    {
        var number = 0;
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PursuitException.At(path, $"the loss curve can't be read ({e.Message})", "the file of the training to continue", null, e);
        }

        foreach (var line in lines)
        {
            number++;
            LossPoint point;
            try
            {
                point = JsonFile.Read<LossPoint>(
                    Encoding.UTF8.GetBytes(line),
                    $"{path}, line {number}",
                    RunJson.Compact,
                    "a point of a loss curve, as the training wrote it",
                    "Delete the file's last lines down to that one.");
            }
            catch (PursuitException) when (number == lines.Length)
            {
                yield break; // a killed process leaves its last line unfinished
            }

            yield return (line, point);
        }
    }
}
