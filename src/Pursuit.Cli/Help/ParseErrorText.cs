using System.CommandLine.Parsing;

namespace Pursuit.Cli.Help;

/// <summary>What the parser finds wrong, in the form of all messages: where, found, expected.</summary>
internal static class ParseErrorText
{
    /// <summary>What the library says of a value that isn't one of the option's type, whose name in .NET tells people nothing.</summary>
    private const string WrongType = " as expected type ";

    /// <summary>An error's message.</summary>
    public static string Of(ParseError error)
    {
        if (!error.Message.Contains(WrongType, StringComparison.Ordinal)) return error.Message;
        var result = error.SymbolResult is ArgumentResult { Parent: OptionResult parent } ? parent : error.SymbolResult as OptionResult;
        return result is null ? error.Message : $"{result.Option.Name}: '{string.Join(' ', result.Tokens.Select(t => t.Value))}'; "
            + $"expected {Kind(result.Option.ValueType)}.";
    }

    private static string Kind(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(int) || t == typeof(long) => "a whole number",
        var t when t == typeof(ulong) => "a whole number of 0 or more",
        var t when t == typeof(double) || t == typeof(float) => "a number",
        _ => "another value",
    };
}
