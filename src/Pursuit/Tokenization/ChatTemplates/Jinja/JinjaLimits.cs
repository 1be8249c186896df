namespace Pursuit.Tokenization;

/// <summary>What a template may use up before it is stopped, so that a hostile one ends.</summary>
internal static class JinjaLimits
{
    /// <summary>UTF-16 units of a template; the longest published ones are below 20,000.</summary>
    public const int TemplateLength = 1 << 20;

    /// <summary>Levels an expression or a block may nest.</summary>
    public const int Nesting = 64;

    /// <summary>Depth of an expression's tree, which chains of operators deepen too.</summary>
    public const int TreeDepth = 200;

    /// <summary>Macros that may be running inside each other.</summary>
    public const int MacroDepth = 50;

    /// <summary>Nodes evaluated in one rendering.</summary>
    public const long Steps = 5_000_000;

    /// <summary>UTF-16 units read or made by string operations in one rendering.</summary>
    public const long Characters = 1L << 28;

    /// <summary>Levels of a list inside lists that can be printed or compared.</summary>
    public const int ValueDepth = 128;

    /// <summary>Elements of a range; jinja2's sandbox has the same limit.</summary>
    public const int RangeLength = 100_000;
}
