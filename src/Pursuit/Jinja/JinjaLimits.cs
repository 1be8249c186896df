namespace Pursuit.Jinja;

/// <summary>
/// What a template may use up before it is stopped, so that a hostile one ends: within 2 seconds and, beside a record of
/// ordinary size, within 200 MB. Work is counted in units that everything touched is charged in: a unit is at most about
/// 2 ns of time and 2.5 bytes of memory. docs/formats/chat-templates.md states the limits.
/// </summary>
internal static class JinjaLimits
{
    /// <summary>UTF-16 units of a template; the longest published ones are below 20,000.</summary>
    public const int TemplateLength = 1 << 18;

    /// <summary>UTF-16 units of a name in a template: names are hashed and compared wherever they occur.</summary>
    public const int NameLength = 255;

    /// <summary>Levels an expression or a block may nest.</summary>
    public const int Nesting = 64;

    /// <summary>Depth of an expression's tree, which chains of operators deepen too.</summary>
    public const int TreeDepth = 200;

    /// <summary>Macros that may be running inside each other.</summary>
    public const int MacroDepth = 50;

    /// <summary>Units any rendering may use, however short its record.</summary>
    public const long Work = 1L << 26;

    /// <summary>Further units for each UTF-16 unit of the record's strings: cost may grow with the record, not faster.</summary>
    public const long WorkPerCharacter = 16;

    /// <summary>What a string, number, list or dict of the record counts as beside its characters, in UTF-16 units.</summary>
    public const long ValueLength = 64;

    /// <summary>Units no record buys more than, beside <see cref="Work"/>.</summary>
    public const long MostRecordWork = 1L << 30;

    /// <summary>Units of a node evaluated, or of an element walked over, copied or compared.</summary>
    public const long NodeCost = 16;

    /// <summary>Units of a table of variables, made for each pass of a loop and each call of a macro.</summary>
    public const long ScopeCost = 128;

    /// <summary>Units of a string made, beside its characters.</summary>
    public const long TextCost = 32;

    /// <summary>Units of a number printed or read, beside its characters.</summary>
    public const long NumberCost = 64;

    /// <summary>Levels of a list inside lists that can be printed or compared.</summary>
    public const int ValueDepth = 128;

    /// <summary>Elements of a range; jinja2's sandbox has the same limit.</summary>
    public const int RangeLength = 100_000;

    /// <summary>UTF-16 units of a quotation in a message.</summary>
    public const int QuotationLength = 200;
}
