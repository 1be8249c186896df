using System.Text.Json;
using Pursuit.Data;
using Pursuit.Jobs;
using Pursuit.Reports;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Reports;

/// <summary>A small pool with features, hostile records among it, and selections of it.</summary>
internal sealed class ReportWorld : IDisposable
{
    /// <summary>The command that the reports quote.</summary>
    public const string Command = "pursuit select --pool '<pool>' & more";

    public const int Examples = 120;
    public const int TargetExamples = 12;
    public const int Dimension = 48;

    /// <summary>Texts that would be markup, end an element, reorder a line or break a script if anything were forgotten.</summary>
    public static readonly string[] Hostile =
    [
        "</script><script>document.title='owned'</script>",
        "\"><img src=x onerror=\"document.title='owned'\">",
        "<svg/onload=document.title='owned'> & &lt; &amp;lt; <!-- --> ]]>",
        "line\u2028separator\u2029paragraph",
        "bidi \u202Eoverride\u202C \u2066isolate\u2069 mark\u200F",
        "null\0byte\u0001\u001B[31m\u007F\u0085",
        "${document.title='owned'} `tick` \\u003cscript> 'single'",
        "javascript:alert(1) \uFEFF \U0001F600 \u0627\u0644\u0639\u0631\u0628\u064A\u0629",
    ];

    private readonly TemporaryDirectory _directory = new();

    public ReportWorld()
    {
        var lines = Enumerable.Range(0, Examples)
            .Select(i => Record(
                $"r{i}", $"question {i} {Hostile[i % Hostile.Length]}",
                $"answer {new string('x', i % 17)} {Hostile[(i + 3) % Hostile.Length]}", Source(i)))
            .ToList();
        lines.Insert(7, lines[3].Replace("\"r3\"", "\"copy\"", StringComparison.Ordinal));
        lines.Insert(20, "{\"messages\": <script>");
        Pool = _directory.Write("pool.jsonl", string.Join('\n', lines) + "\n");
        Target = _directory.Write(
            "target.jsonl",
            string.Join('\n', Enumerable.Range(0, TargetExamples)
                .Select(v => Record($"t{v}", $"target {Hostile[v % Hostile.Length]}", $"reply {v}", "t")))
                + "\n");
        PoolGradients = Gaussian(Examples, "pool", 0.6f);
        TargetGradients = Gaussian(TargetExamples, "target", 0.9f);
        PoolFeatures = WriteNpy("pool.npy", PoolGradients);
        TargetFeatures = WriteNpy("target.npy", TargetGradients);
    }

    public string Pool { get; }

    public string Target { get; }

    public string PoolFeatures { get; }

    public string TargetFeatures { get; }

    public float[][] PoolGradients { get; }

    public float[][] TargetGradients { get; }

    public string PathOf(string name) => _directory.PathOf(name);

    public void Dispose() => _directory.Dispose();

    /// <summary>Puts other features in place of these.</summary>
    public void Rewrite(float[][] pool, float[][] target)
    {
        WriteNpy("pool.npy", pool);
        WriteNpy("target.npy", target);
    }

    /// <summary>Selects, and returns what the run's directory then holds as a report.</summary>
    public (SelectReport Report, string Page) Select(string method, string budget = "20", params string[] settings)
    {
        var options = Options(method, budget, settings: settings);
        using var directory = RunDirectory.Open(options.RunPath);
        Reporting(options).Run(directory, CancellationToken.None);
        var report = JsonSerializer.Deserialize<SelectReport>(
            File.ReadAllBytes(directory.PathOf(RunDirectory.ReportModelName)), RunJson.Indented)!;
        return (report, File.ReadAllText(directory.PathOf(RunDirectory.ReportPageName)));
    }

    /// <summary>A job that writes its report.</summary>
    public static SelectJob Reporting(SelectJobOptions options) =>
        new(options, null) { OnSelected = SelectReportFiles.Writer(Command, null, CancellationToken.None) };

    public SelectJobOptions Options(string method, string budget = "20", int threads = 2, params string[] settings)
    {
        var gradients = MethodRegistry.Find(method).Needs.HasFlag(FeatureNeeds.PoolGradients);
        return new SelectJobOptions
        {
            Pool = new PoolOptions { Paths = [Pool], Threads = threads },
            Targets = gradients ? [Target] : [],
            Features = gradients ? PoolFeatures : null,
            TargetFeatures = gradients ? TargetFeatures : null,
            Budget = Budget.Parse(budget),
            Method = method,
            Settings = settings,
            Out = PathOf("out.jsonl"),
            RunDirectory = PathOf("run"),
            SourceField = "kind",
        };
    }

    private static string Source(int i) => i % 3 == 0 ? "<b>bold</b>" : i % 3 == 1 ? "plain" : "rtl\u202E";

    private static string Record(string id, string question, string answer, string kind) =>
        JsonSerializer.Serialize(
            new { id, kind, messages = new[] { new { role = "user", content = question }, new { role = "assistant", content = answer } } });

    private string WriteNpy(string name, float[][] rows)
    {
        NpyFile.Write(PathOf(name), [rows.Length, Dimension], rows.SelectMany(r => r).ToArray());
        return PathOf(name);
    }

    /// <summary>Rows around a common direction, so that gradients agree with the target's more or less.</summary>
    private static float[][] Gaussian(int rows, string purpose, float common)
    {
        var random = new SeededRandom(11, "test/report/" + purpose);
        return [.. Enumerable.Range(0, rows)
            .Select(_ => Enumerable.Range(0, Dimension).Select(k => common * (k % 5 - 2) + (float)random.NextGaussian()).ToArray())];
    }
}
