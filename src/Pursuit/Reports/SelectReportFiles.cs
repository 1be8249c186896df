using System.Text;
using System.Text.Json;
using Pursuit.Reports.Html;
using Pursuit.Runs;
using Pursuit.Storage;

namespace Pursuit.Reports;

/// <summary>Writes a report into its run's directory: the page, and the model beside it.</summary>
public static class SelectReportFiles
{
    /// <summary>The page's name.</summary>
    public const string PageName = "report.html";

    /// <summary>The model's name.</summary>
    public const string ModelName = "report.json";

    /// <summary>Writes both files.</summary>
    /// <param name="directory">The run's directory.</param>
    /// <param name="report">The model.</param>
    /// <returns>The page's path.</returns>
    /// <exception cref="PursuitException">A file can't be written.</exception>
    public static string Write(string directory, SelectReport report)
    {
        AtomicFile.Write(Path.Combine(directory, ModelName), s => JsonSerializer.Serialize(s, report, RunJson.Indented));
        var page = Path.Combine(directory, PageName);
        AtomicFile.Write(page, s => s.Write(Encoding.UTF8.GetBytes(Page(report))));
        return page;
    }

    /// <summary>Deletes both files where they are.</summary>
    /// <param name="directory">The run's directory.</param>
    public static void Delete(string directory)
    {
        Disk.Delete(Path.Combine(directory, ModelName));
        Disk.Delete(Path.Combine(directory, PageName));
    }

    /// <summary>The page alone.</summary>
    public static string Page(SelectReport report) => new SelectPage(report).Render();
}
