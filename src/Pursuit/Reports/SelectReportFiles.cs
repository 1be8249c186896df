using System.Text;
using System.Text.Json;
using Pursuit.Jobs;
using Pursuit.Reports.Html;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Reports;

/// <summary>Writes a report into its run's directory: the page, and the model beside it.</summary>
public static class SelectReportFiles
{
    /// <summary>Builds and writes the report of a selection just made: what <see cref="SelectJob.OnSelected"/> wants.</summary>
    /// <param name="command">The command that repeats the job, as the report quotes it.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellationToken">Stops it; nothing is written then.</param>
    public static Action<SelectedRun, SelectSummary> Writer(
        string command, IProgress<WorkProgress>? progress, CancellationToken cancellationToken = default) =>
        (selected, summary) => Write(
            summary.Files["run"], SelectReportBuilder.Build(selected, summary, command, progress, cancellationToken));

    /// <summary>Writes both files.</summary>
    /// <param name="directory">The run's directory.</param>
    /// <param name="report">The model.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="PursuitException">A file can't be written.</exception>
    internal static string Write(string directory, SelectReport report)
    {
        AtomicFile.Write(Path.Combine(directory, RunDirectory.ReportModelName), s => JsonSerializer.Serialize(s, report, RunJson.Indented));
        var page = Path.Combine(directory, RunDirectory.ReportPageName);
        AtomicFile.Write(page, s => s.Write(Encoding.UTF8.GetBytes(Page(report))));
        return page;
    }

    /// <summary>The page alone.</summary>
    internal static string Page(SelectReport report) => new SelectPage(report).Render();
}
