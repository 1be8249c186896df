using System.Text;
using System.Text.Json;
using Pursuit.Proof;
using Pursuit.Reports.Html;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Reports;

/// <summary>Writes a proof's report: the page, and the model beside it, under the names that a selection's have.</summary>
public static class ProofReportFiles
{
    /// <summary>Writes both files.</summary>
    /// <param name="directory">The run's directory.</param>
    /// <param name="proof">A finished proof.</param>
    /// <param name="command">The command that repeats it.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="PursuitException">A file can't be written.</exception>
    public static string Write(string directory, ProofReport proof, string command)
    {
        var document = ProofDocument.Of(proof, command);
        AtomicFile.Write(
            Path.Combine(directory, RunDirectory.ReportModelName), s => JsonSerializer.Serialize(s, document, RunJson.Indented));
        var page = Path.Combine(directory, RunDirectory.ReportPageName);
        AtomicFile.Write(page, s => s.Write(Encoding.UTF8.GetBytes(Page(document))));
        return page;
    }

    /// <summary>The finished proof of a run; null where the run is none.</summary>
    /// <exception cref="PursuitException">The file can't be read.</exception>
    public static ProofReport? Read(RunDirectory run)
    {
        var path = run.PathOf(ProofReport.FileName);
        if (!File.Exists(path)) return null;
        const string Advice = "Run the proof again: finished trainings are cached.";
        var proof = SealedJson.Read<ProofReport>(path, $"what {ApiName.ProveJob} writes at its end", Advice);
        var result = run.PathOf(ProofReport.ResultName);
        return File.Exists(result) && File.ReadAllBytes(result).AsSpan()
            .SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(proof.WithoutSeconds(), RunJson.Indented))
            ? proof
            : throw PursuitException.At(
                result, File.Exists(result) ? $"another result than that of {path}" : "no such file",
                "both files of the same run, unchanged", Advice);
    }

    /// <summary>The page alone.</summary>
    internal static string Page(ProofDocument document) => new ProofPage(document).Render();
}
