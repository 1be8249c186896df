using System.Diagnostics;

namespace Pursuit.Selection.Passes;

/// <summary>
/// What makes a row's score of its products with a pass's right-hand sides: plain numbers, so that any process can apply it.
/// </summary>
internal interface IScoreRule
{
    /// <summary>Right-hand sides.</summary>
    int Columns { get; }

    /// <summary>Whoever asked needs the best rows' products too.</summary>
    bool KeepsProducts { get; }

    /// <summary>A row's score; at or below zero it can't be chosen.</summary>
    /// <param name="products">phi_i . R_j, [Columns].</param>
    /// <param name="norm">||phi_i||, above zero.</param>
    float Score(ReadOnlySpan<double> products, double norm);

    /// <summary>Writes the rule for another process.</summary>
    void Write(BinaryWriter writer);
}

/// <summary>Rules as messages carry them.</summary>
internal static class ScoreRules
{
    /// <summary>Reads what <see cref="IScoreRule.Write"/> wrote.</summary>
    public static IScoreRule Read(BinaryReader reader) => reader.ReadByte() switch
    {
        IdentificationRule.Code => IdentificationRule.Read(reader),
        HerdingRule.Code => HerdingRule.Read(reader),
        var code => throw new UnreachableException($"rule {code}"),
    };
}

/// <summary>
/// p_i = ||max(0, phi_i . R_j - ||phi_i|| S_j / b)|| over all J at once (S_j the support's mass, b the batch), divided by ||phi_i||
/// where rows aren't normalized; 0 for rows that point toward the residual by no more than rounding.
/// </summary>
/// <param name="Penalties">S_j / b, what a row loses of its product with R_j for each unit of its length, [J].</param>
/// <param name="Least">The score of a unit row that counts as rounding.</param>
/// <param name="DividesByNorm">True where rows aren't normalized.</param>
internal sealed record IdentificationRule(double[] Penalties, double Least, bool DividesByNorm) : IScoreRule
{
    public const byte Code = 1;

    public int Columns => Penalties.Length;

    public bool KeepsProducts => false;

    public float Score(ReadOnlySpan<double> products, double norm)
    {
        var score = PositiveLength(products, norm);
        return score <= Least * norm ? 0 : (float)(DividesByNorm ? score / norm : score);
    }

    /// <summary>
    /// Bounds of the score of a row whose products are known up to <paramref name="off"/>, in length over all J; equal where it is surely
    /// 0.
    /// </summary>
    /// <param name="products">About phi_i . R_j, [Columns].</param>
    /// <param name="norm">||phi_i||, above zero.</param>
    /// <param name="off">At least ||products - phi_i . R||.</param>
    public (float Least, float Most) Between(ReadOnlySpan<double> products, double norm, double off)
    {
        // ||max(0, .)|| moves by no more than its argument does. Singles next to it, since the score itself is rounded to one.
        var length = PositiveLength(products, norm);
        var (least, most) = (length - off, length + off);
        var unit = DividesByNorm ? norm : 1;
        return (
            least <= Least * norm ? 0 : MathF.BitDecrement((float)(least / unit)),
            most <= Least * norm ? 0 : MathF.BitIncrement((float)(most / unit)));
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(Code);
        writer.Write(Penalties.Length);
        foreach (var penalty in Penalties) writer.Write(penalty);
        writer.Write(Least);
        writer.Write(DividesByNorm);
    }

    private double PositiveLength(ReadOnlySpan<double> products, double norm)
    {
        var square = 0.0;
        for (var j = 0; j < products.Length; j++)
        {
            var product = Math.Max(0, products[j] - norm * Penalties[j]);
            square += product * product;
        }

        return Math.Sqrt(square);
    }

    public static IdentificationRule Read(BinaryReader reader)
    {
        var penalties = new double[reader.ReadInt32()];
        for (var j = 0; j < penalties.Length; j++) penalties[j] = reader.ReadDouble();
        return new IdentificationRule(penalties, reader.ReadDouble(), reader.ReadBoolean());
    }
}

/// <summary>
/// How well a sum of rows would point toward the uniform target with this row in it (herding: Welling, 2009), shifted above zero so that
/// the worst row still is a candidate. Products are with the target and with the sum so far.
/// </summary>
/// <param name="Target">The sum's product with the target.</param>
/// <param name="Square">The sum's squared length, noise of a batch counted.</param>
/// <param name="Mass">Lengths of the rows in the sum, added up.</param>
/// <param name="Noise">1/b.</param>
/// <param name="TargetSquare">The target's squared length.</param>
internal sealed record HerdingRule(double Target, double Square, double Mass, double Noise, double TargetSquare) : IScoreRule
{
    public const byte Code = 2;

    public int Columns => 2;

    public bool KeepsProducts => true;

    public float Score(ReadOnlySpan<double> products, double norm) =>
        (float)(2 + Gain(Target + products[0], Square + 2 * WithSum(products[1], norm) + (1 + Noise) * norm * norm));

    /// <summary>A row's product with the sum, noise of a batch counted.</summary>
    public double WithSum(double product, double norm) => product + Noise * Mass * norm;

    /// <summary>
    /// The cosine of the sum with the target, up to the target's length, the noise of a batch counted as length across it.
    /// </summary>
    public double Gain(double withTarget, double square) =>
        square > 0 ? Math.Clamp(withTarget / Math.Sqrt(square * TargetSquare), -1, 1) : -1;

    public void Write(BinaryWriter writer)
    {
        writer.Write(Code);
        foreach (var value in (double[])[Target, Square, Mass, Noise, TargetSquare]) writer.Write(value);
    }

    public static HerdingRule Read(BinaryReader reader) =>
        new(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
}
