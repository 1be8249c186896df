using System.Globalization;
using Pursuit.Mpi;
using Pursuit.Reports;
using Spectre.Console;

namespace Pursuit.Cli.Output;

/// <summary>People's text goes to standard error; standard output carries what was asked for.</summary>
internal static class Terminal
{
    private static readonly Lazy<IAnsiConsole> People = new(() => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Error) }));
    private static readonly Lazy<IAnsiConsole> Result = new(() => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Out) }));

    /// <summary>Standard error, for people.</summary>
    public static IAnsiConsole ForPeople => People.Value;

    /// <summary>Standard output, for the answer of commands that print one.</summary>
    public static IAnsiConsole ForResult => Result.Value;

    /// <summary>A line for people; what records say in it, such as a source's name, can't move their cursor.</summary>
    public static void Line(string text = "") => System.Console.Error.WriteLine(Visible(text));

    /// <summary>A text in which nothing moves a terminal's cursor but line ends and tabs.</summary>
    public static string Visible(string text) => VisibleText.Of(text).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\u240D');

    /// <summary>A message about what went wrong.</summary>
    public static void Error(string message) => Line(MpiLaunch.Current is { Rank: > 0 and var rank } ? $"pursuit, rank {rank}: {message}" : $"pursuit: {message}");

    /// <summary>Kept features that turned out to be damaged.</summary>
    public static void Damage(string found) => Line($"Damaged   {found} What is damaged is computed again; the rest stays.");

    /// <summary>A plain table: first column left, the others right-aligned.</summary>
    public static void Table(IAnsiConsole console, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, int leftColumns = 1)
    {
        var table = new Table { Border = TableBorder.Simple, ShowHeaders = true };
        for (var i = 0; i < headers.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(headers[i]));
            table.AddColumn(i < leftColumns ? column.LeftAligned() : column.RightAligned().NoWrap());
        }

        foreach (var row in rows) table.AddRow(row.Select(cell => Markup.Escape(Visible(cell))).ToArray());
        console.Write(table);
    }

    /// <summary>"4,096 B", "12.3 MB" or "1.70 GB".</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 100_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes:N0} B"),
        < 100_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:N1} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:N2} GB"),
    };

    /// <summary>A path, relative to here where it is below here.</summary>
    public static string Short(string path)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
