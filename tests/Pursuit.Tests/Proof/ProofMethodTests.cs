using Pursuit.Proof;
using Pursuit.Selection;

namespace Pursuit.Tests.Proof;

public sealed class ProofMethodTests
{
    [Theory]
    [InlineData("rds:on=gradients", "rds on gradients", FeatureKind.Gradient)]
    [InlineData("rds:on=gradients:similarity=dot", "rds:similarity=dot on gradients", FeatureKind.Gradient)]
    [InlineData("rds:on=embeddings", "rds", FeatureKind.Embedding)]
    [InlineData("gtp:on=embeddings", "gtp on embeddings", FeatureKind.Embedding)]
    public void What_it_compares_is_part_of_its_name(string text, string label, FeatureKind kind)
    {
        var method = ProofMethod.Parse(text);
        method.Label.ShouldBe(label);
        method.On!.Kind.ShouldBe(kind);
        method.Settings.ShouldBe(text.Contains("dot", StringComparison.Ordinal) ? ["rds.similarity=dot"] : []);
    }

    [Theory]
    [InlineData("grand:on=embeddings", "defined by gradients")]
    [InlineData("bm25:on=gradients", "compares no vectors")]
    [InlineData("rds:on=words", "on=gradients, on=embeddings or on=encoder")]
    [InlineData("full:on=gradients", "no options")]
    [InlineData("rds:onn=gradients", "onn")]
    public void What_it_cannot_compare_is_refused(string text, string why) =>
        Should.Throw<PursuitException>(() => ProofMethod.Parse(text)).Message.ShouldContain(why);

    [Fact]
    public void Without_a_word_it_compares_what_it_was_made_for()
    {
        ProofMethod.Parse("rds").On.ShouldBeNull();
        ProofMethod.Parse("rds").Label.ShouldBe("rds");
        ProofMethod.Parse("rds").Compares(FeatureKind.Gradient).Label.ShouldBe("rds on gradients");
        // Asked for, and found in a run that was lent: said once.
        ProofMethod.Parse("rds:on=gradients").Compares(FeatureKind.Gradient).Label.ShouldBe("rds on gradients");
    }
}
