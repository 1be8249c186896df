using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Storage;
using Pursuit.TestKit;

namespace Pursuit.Tests.Jobs;

/// <summary>
/// A stage whose sums fit but whose content is somebody's invention is refused by the file's name, before anything looks a row up.
/// </summary>
public sealed class SelectionFileTests : IDisposable
{
    private const int Examples = 3;
    private const string Row0 = """{"position":0,"score":1,"weight":1}""";
    private const string Pursuit = """
        "$type":"pursuit","groups":["a"],"shares":[1],"group_residuals":[1],"group_noise_floors":[0],"iterations":[],"reason":"budget-full","violation":0,
        "objective":1,"lambda":0,"residual":0.5,"uniform_residual":0.6,"wanted":1,"passes":2,"bytes_read":9,"zero_rows":0,"target_below_floor":0
        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_a_selection_can_be_is_read()
    {
        var (selection, details) = SelectionFile.Read(
            Stage(Row0, "\"near_duplicates\":[{\"first\":0,\"second\":0,\"cosine\":1}]"), Examples);
        selection.Rows.Count.ShouldBe(1);
        details.ShouldNotBeNull();
        SelectionFile.Read(Stage("", null), Examples).Details.ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"position":3,"score":1,"weight":1}""", "position 3")]
    [InlineData("""{"position":-1,"score":1,"weight":1}""", "position -1")]
    [InlineData(Row0 + "," + Row0, "position 0 twice")]
    [InlineData("""{"position":0,"score":1,"weight":-1}""", "a weight of -1")]
    [InlineData("""{"position":0,"score":1e999,"weight":1}""", "beyond double precision")]
    public void Rows_that_no_pool_of_that_many_has_are_refused(string rows, string expected) =>
        Refusal(() => SelectionFile.Read(Stage(rows, null), Examples)).ShouldContain(expected);

    [Theory]
    [InlineData("\"near_duplicates\":[{\"first\":0,\"second\":1,\"cosine\":1}]")]
    [InlineData("\"near_duplicates\":[]", "[]")]
    [InlineData("\"near_duplicates\":[]", "[0.5,0.5]")]
    public void Details_of_another_selection_are_refused(string more, string shares = "[1]") =>
        Refusal(() => SelectionFile.Read(Stage(Row0, more, shares), Examples)).ShouldContain("details.json");

    [Theory]
    [InlineData("1", 1, 2)]
    [InlineData("1,2", 1, Examples)]
    [InlineData("x", 1, Examples)]
    [InlineData("2,1", 2, Examples)]
    [InlineData("0", 1, Examples)]
    [InlineData("", 1, Examples)]
    public void Gains_of_other_passes_or_another_pool_are_refused(string passes, int kept, int rows)
    {
        var stage = RunStage.Open(_directory.PathOf("stage"), new Fingerprint("test"), null, null);
        SafetensorsWriter.Write(
            stage.PathOf("gains.safetensors"), [TensorToWrite.FromSingle("gains", [kept, rows], new float[kept * rows])],
            new Dictionary<string, string> { ["passes"] = passes });
        stage.Complete();
        Refusal(() => SelectionFile.ReadGains(stage, Examples)).ShouldContain("gains.safetensors");
    }

    private static string Refusal(Action read) => Should.Throw<PursuitException>(read).Message;

    private RunStage Stage(string rows, string? details, string shares = "[1]")
    {
        var stage = RunStage.Open(_directory.PathOf($"stage{Guid.NewGuid():N}"), new Fingerprint("test"), null, null);
        File.WriteAllText(
            stage.PathOf("selection.json"), $$"""{"method":"gtp","budget":1,"spent":1,"unit":"rows","rows":[{{rows}}],"remarks":[]}""");
        if (details is not null)
            File.WriteAllText(stage.PathOf("details.json"), "{\"lines\":[],\"values\":{"
                + Pursuit.Replace("\"shares\":[1]", "\"shares\":" + shares, StringComparison.Ordinal) + "," + details + "}}");
        stage.Complete();
        return stage;
    }
}
