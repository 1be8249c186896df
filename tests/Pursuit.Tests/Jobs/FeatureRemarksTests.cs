using Pursuit.Jobs;

namespace Pursuit.Tests.Jobs;

public sealed class FeatureRemarksTests
{
    private static GradientReport Report(int without, int refused) => new()
    {
        Kind = "lora",
        Preconditioning = "none",
        Dimension = 8,
        Checkpoints = [new CheckpointReport("1", 1e-3, null, null, null)],
        WithoutAnswer = without,
        Refused = refused,
        Tokens = 1,
        Seconds = 1,
        Bytes = 1,
    };

    [Fact]
    public void Rows_that_the_template_refuses_are_said_to_be_refused_and_not_to_lack_an_answer()
    {
        var remark = FeatureRemarks.Of(Report(without: 3, refused: 3)).ShouldHaveSingleItem();
        remark.ShouldStartWith("the model's chat template refuses 3 examples");
        remark.ShouldNotContain("--max-length");
    }

    [Fact]
    public void Rows_that_lack_an_answer_for_another_reason_are_told_apart_from_them()
    {
        FeatureRemarks.Of(Report(without: 5, refused: 3))
            .ShouldContain(remark => remark.StartsWith("2 examples have no answer to learn", StringComparison.Ordinal));
        FeatureRemarks.Of(Report(without: 2, refused: 0)).ShouldHaveSingleItem().ShouldStartWith("2 examples have no answer");
        FeatureRemarks.Of(Report(without: 0, refused: 0)).ShouldBeEmpty();
    }
}
