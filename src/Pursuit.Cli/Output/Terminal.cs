using System.Globalization;
using System.Text.Json;
using Pursuit.Mpi;
using Pursuit.Reports;
using Pursuit.Runs;
using Spectre.Console;

namespace Pursuit.Cli.Output;

/// <summary>
/// The one way to the terminal. People's text goes to standard error; standard output carries what was asked for. Whatever data or
/// a file's name put into a text, it can't move the cursor, turn a line around or begin another (<see cref="VisibleText"/>).
/// </summary>
internal static class Terminal
{
#pragma warning disable RS0030 // this class is what the others use instead of the console
    private static readonly Lazy<IAnsiConsole> People = new(() => For(System.Console.Error, System.Console.IsErrorRedirected));
    private static readonly Lazy<IAnsiConsole> Result = new(() => For(System.Console.Out, System.Console.IsOutputRedirected));

    /// <summary>Columns of a table that isn't on a terminal, at most: no cell is that long.</summary>
    private const int WidestTable = 100_000;

    private static TextWriter ErrorWriter => System.Console.Error;

    private static TextWriter OutputWriter => System.Console.Out;
#pragma warning restore RS0030

    /// <summary>Standard error, for tables of people.</summary>
    public static IAnsiConsole ForPeople => People.Value;

    /// <summary>Standard output, for tables and colours of commands that print their answer.</summary>
    public static IAnsiConsole ForResult => Result.Value;

    /// <summary>A line for people, its quotations cut where they are overlong.</summary>
    public static void Line(string text = "") => ErrorWriter.WriteLine(VisibleText.OnTerminalLine(MessageText.Shortened(text)));

    /// <summary>A text of several lines for people, with its last line's end.</summary>
    public static void Lines(string text) => ErrorWriter.Write(Visible(text));

    /// <summary>What stands for a while at the end of standard error, written over by what comes next.</summary>
    /// <param name="text">One line.</param>
    /// <param name="width">Characters to write over, at least.</param>
    public static void Passing(string text, int width)
    {
        ErrorWriter.Write("\r" + VisibleText.OnTerminalLine(text).PadRight(width));
        if (text.Length == 0) ErrorWriter.Write('\r');
    }

    /// <summary>A line of the answer.</summary>
    public static void Answer(string text = "") => OutputWriter.WriteLine(VisibleText.OnTerminalLine(text));

    /// <summary>An answer of several lines, as a record or a model may be one, with its last line's end.</summary>
    public static void AnswerLines(string text) => OutputWriter.Write(Visible(text));

    /// <summary>An answer as one line of JSON.</summary>
    public static void Json<T>(T value) => Json(value, typeof(T));

    /// <summary>An answer as one line of JSON, with the members of a type.</summary>
    public static void Json(object? value, Type type) =>
        OutputWriter.WriteLine(VisibleText.InJson(JsonSerializer.Serialize(value, type, RunJson.Compact)));

    /// <summary>A text in which nothing moves a terminal's cursor but line ends and tabs.</summary>
    public static string Visible(string text) => VisibleText.OnTerminal(text);

    /// <summary>A message about what went wrong.</summary>
    public static void Error(string message) => Line(MpiLaunch.Current is { Rank: > 0 and var rank } ? $"pursuit, rank {rank}: "
        + $"{message}" : $"pursuit: {message}");

    /// <summary>Kept features that turned out to be damaged.</summary>
    public static void Damage(string found) => Line($"Damaged   {found} What is damaged is computed again; the rest stays.");

    /// <summary>A plain table: first column left, the others right-aligned.</summary>
    public static void Table(
        IAnsiConsole console, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows, int leftColumns = 1)
    {
        var table = new Table { Border = TableBorder.Simple, ShowHeaders = true };
        for (var i = 0; i < headers.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(headers[i]));
            table.AddColumn(i < leftColumns ? column.LeftAligned() : column.RightAligned().NoWrap());
        }

        foreach (var row in rows) table.AddRow(row.Select(cell => Markup.Escape(VisibleText.OnTerminalLine(cell))).ToArray());
        console.Write(table);
    }

    /// <summary>A console for tables: as wide as the terminal, with its colours; in a file or a pipe of any width and without.</summary>
    internal static IAnsiConsole For(TextWriter writer, bool isRedirected)
    {
        var settings = new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) };
        if (isRedirected)
        {
            settings.Ansi = AnsiSupport.No;
            settings.ColorSystem = ColorSystemSupport.NoColors;
            settings.Enrichment.UseDefaultEnrichers = false; // they turn colours on where a CI service's variables are set
        }

        var console = AnsiConsole.Create(settings);
        if (isRedirected) console.Profile.Width = WidestTable;
        return console;
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
