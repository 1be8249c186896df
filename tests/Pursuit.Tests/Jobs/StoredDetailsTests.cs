using System.Text.Json;
using Pursuit.Jobs;
using Pursuit.Runs;
using Pursuit.Selection;
using Pursuit.Selection.Methods;
using Pursuit.Selection.Pursuits;
using Pursuit.Selection.S2l;
using Pursuit.Storage;

namespace Pursuit.Tests.Jobs;

public sealed class StoredDetailsTests
{
    [Fact]
    public void Every_kind_of_details_has_a_name_of_its_own_under_which_it_is_kept()
    {
        var types = typeof(MethodDetails).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(MethodDetails))).ToArray();
        MethodRegistry.Details.Select(d => d.Type).ShouldBe(types, ignoreOrder: true);
        MethodRegistry.Details.Select(d => d.Name).ShouldBeUnique();
    }

    [Fact]
    public void Details_come_back_as_their_own_type_and_as_no_other()
    {
        var stored = Again(StoredDetails.Of(new S2lDetails { Clusters = 3, Checkpoints = 2, Inertia = 0.5, Iterations = 7 }));
        stored.As<S2lDetails>()!.Iterations.ShouldBe(7);
        stored.As<PursuitDetails>().ShouldBeNull();
        stored.As<MethodDetails>().ShouldNotBeNull();
    }

    [Fact]
    public void Of_details_without_a_type_only_those_with_a_list_of_iterations_are_a_pursuits()
    {
        Old("""{"iterations":7,"clusters":3}""").As<PursuitDetails>().ShouldBeNull();
        var pursuit = Old("""{"groups":[],"shares":[],"group_residuals":[],"group_noise_floors":[],"iterations":"""
            + """[],"reason":"budget-full","objective":1,"lambda":0,"residual":0.5,"uniform_residual":0.6,"wanted":4,"passes":2,"bytes_read":9,"zero_rows":0,"target_below_floor":0,"near_duplicates":[]}""")
            .As<PursuitDetails>();
        pursuit!.Wanted.ShouldBe(4);
        pursuit.FeatureBytes.ShouldBe(9);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("""{"$type":"none"}""")]
    [InlineData("""{"$type":1}""")]
    [InlineData("""{"$type":"pursuit"}""")]
    [InlineData("""{"iterations":[]}""")]
    [InlineData("""{"iterations":[null]}""")]
    public void Details_that_are_no_methods_are_refused_by_name(string values) =>
        Should.Throw<PursuitException>(() => Old(values).As<PursuitDetails>()).Message.ShouldContain("details.json");

    [Theory]
    [InlineData("""{"lines":[{"key":"a","value":null}],"values":{}}""")]
    [InlineData("""{"lines":[{"value":"a"}],"values":{}}""")]
    [InlineData("""{"lines":null,"values":{}}""")]
    public void A_line_has_a_name_and_a_value(string json) =>
        Should.Throw<PursuitException>(
            () => JsonFile.Read<StoredDetails>(System.Text.Encoding.UTF8.GetBytes(json), "details.json", RunJson.Compact, "details"));

    private static StoredDetails Again(StoredDetails stored) =>
        JsonSerializer.Deserialize<StoredDetails>(JsonSerializer.Serialize(stored, RunJson.Compact), RunJson.Compact)!;

    private static StoredDetails Old(string values) => new([], JsonDocument.Parse(values).RootElement);
}
