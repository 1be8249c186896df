using System.Globalization;
using System.Text;
using System.Text.Json;
using Pursuit.Data.Json;

namespace Pursuit.Data.Filtering;

/// <summary>What a filter compares: a text, a number, a truth value, or nothing that can be compared.</summary>
/// <param name="Text">The text; null for anything else.</param>
/// <param name="Number">The number.</param>
/// <param name="Truth">The truth value.</param>
internal readonly record struct FilterValue(string? Text, double? Number, bool? Truth)
{
    /// <summary>The number to its last digit, where it has few enough.</summary>
    public decimal? Exact { get; init; }

    /// <summary>A text.</summary>
    public static FilterValue Of(string text) => new(text, null, null);

    /// <summary>A truth value.</summary>
    public static FilterValue Of(bool truth) => new(null, null, truth);

    /// <summary>A number as JSON writes it; nothing where the text is none.</summary>
    public static FilterValue OfNumber(string text)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
            return default;
        decimal? exact = decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var digits) ? digits : null;
        return new FilterValue(null, number, null) { Exact = exact };
    }

    /// <summary>A value of a record; nothing of a list, an object or null.</summary>
    public static FilterValue Of(JsonTape tape, int node) => node < 0 ? default : tape.Kind(node) switch
    {
        JsonTokenType.String => Of(tape.Text(node)),
        JsonTokenType.Number => OfNumber(Encoding.UTF8.GetString(tape.Raw(node))),
        JsonTokenType.True => Of(true),
        JsonTokenType.False => Of(false),
        _ => default,
    };

    /// <summary>
    /// Compares: texts by their code units, numbers by size; a text with a number as the number it spells, as separated values have
    /// them. Null where the two can't be compared; of truth values the order says nothing but whether they are equal.
    /// </summary>
    public int? CompareTo(FilterValue other)
    {
        if (Text is not null && other.Text is not null) return string.CompareOrdinal(Text, other.Text);
        if (Truth is { } truth && other.Truth is { } otherTruth) return truth.CompareTo(otherTruth);
        if (Number is null && other.Number is null) return null;
        var (left, right) = (AsNumber, other.AsNumber);
        if (left.Number is not { } number || right.Number is not { } otherNumber) return null;
        return left.Exact is { } exact && right.Exact is { } otherExact ? exact.CompareTo(otherExact) : number.CompareTo(otherNumber);
    }

    private FilterValue AsNumber => Text is null ? this : OfNumber(Text);
}
