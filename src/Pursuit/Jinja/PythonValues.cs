using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pursuit.Jinja;

/// <summary>Truth, text, length and elements of a template's values, as Python has them.</summary>
internal static class PythonValues
{
    private static readonly JinjaText True = JinjaText.Of("True");
    private static readonly JinjaText False = JinjaText.Of("False");
    private static readonly JinjaText None = JinjaText.Of("None");

    /// <summary>bool(value).</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool b => b,
        JinjaText text => text.Value.Length > 0,
        long number => number != 0,
        double number => number != 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDict dict => dict.Entries.Count > 0,
        JinjaUndefined => false,
        BigInteger number => !number.IsZero,
        _ => true,
    };

    /// <summary>What Python calls the value's type.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        JinjaText => "str",
        long or BigInteger => "int",
        double => "float",
        JinjaList { Kind: JinjaListKind.Tuple } => "tuple",
        JinjaList { Kind: JinjaListKind.Range } => "range",
        JinjaList { Kind: JinjaListKind.Keys } => "dict_keys",
        JinjaList { Kind: JinjaListKind.Values } => "dict_values",
        JinjaList { Kind: JinjaListKind.Items } => "dict_items",
        JinjaList => "list",
        JinjaDict => "dict",
        JinjaUndefined => "Undefined",
        JinjaGenerator => "generator",
        JinjaNamespace => "Namespace",
        JinjaLoop => "LoopContext",
        JinjaMacro => "Macro",
        _ => "function",
    };

    /// <summary>The fault of using what is not there.</summary>
    public static PursuitException Missing(JinjaContext context, JinjaUndefined undefined) =>
        context.Fault($"{undefined.Description}; expected a value there. Check the record or give the variable a default.");

    /// <summary>str(value), with the marks of a string kept.</summary>
    public static JinjaText Text(JinjaContext context, object? value)
    {
        switch (value)
        {
            case JinjaText text: return text;
            case JinjaUndefined: return JinjaText.Empty;
            case null: return None;
            case bool b: return b ? True : False;
            case long or double or BigInteger: return JinjaText.Of(NumberText(context, value));
            default:
                var builder = new JinjaTextBuilder(context);
                AppendRepr(context, builder, value, -1, 0);
                return builder.ToText();
        }
    }

    private static string NumberText(JinjaContext context, object value)
    {
        // Digits of a number past 64 bits take time that grows faster than their count, which is 4,300 at most.
        context.Spend(value is BigInteger big ? JinjaLimits.NumberCost + (32L * big.GetByteCount()) : JinjaLimits.NumberCost);
        return value switch
        {
            long number => number.ToString(CultureInfo.InvariantCulture),
            double number => PythonText.Repr(number),
            _ => ((BigInteger)value).ToString(CultureInfo.InvariantCulture),
        };
    }

    // repr(value), as lists and dicts print their parts.
    private static void AppendRepr(JinjaContext context, JinjaTextBuilder builder, object? value, int owner, int depth)
    {
        context.Step();
        EnsureDepth(context, depth);
        switch (value)
        {
            case JinjaText text:
                context.Spend(2L * text.Value.Length);
                PythonText.AppendRepr(builder, text.Value, owner >= 0 ? owner : text.Marks.Length > 0 ? text.Marks[0].Owner : -1);
                break;
            case JinjaList list:
                AppendList(context, builder, list, list.Owner >= 0 ? list.Owner : owner, depth);
                break;
            case JinjaDict dict:
                var dictOwner = dict.Owner >= 0 ? dict.Owner : owner;
                builder.Append("{", dictOwner);
                var first = true;
                foreach (var entry in dict.Entries)
                {
                    if (!first) builder.Append(", ", dictOwner);
                    first = false;
                    AppendRepr(context, builder, JinjaDict.KeyOf(entry), dictOwner, depth + 1);
                    builder.Append(": ", dictOwner);
                    AppendRepr(context, builder, entry.Value, dictOwner, depth + 1);
                }

                builder.Append("}", dictOwner);
                break;
            case null or bool or long or double or BigInteger:
                builder.Append(Text(context, value).Value, owner);
                break;
            case JinjaUndefined:
                builder.Append("Undefined", owner);
                break;
            default:
                throw context.Unsupported($"the printed form of a {TypeName(value)}");
        }
    }

    private static void AppendList(JinjaContext context, JinjaTextBuilder builder, JinjaList list, int owner, int depth)
    {
        var (open, close) = list.Kind switch
        {
            JinjaListKind.List => ("[", "]"),
            JinjaListKind.Tuple => ("(", list.Items.Count == 1 ? ",)" : ")"),
            JinjaListKind.Range => throw context.Unsupported("the printed form of a range"),
            _ => ($"{TypeName(list)}([", "])"),
        };
        builder.Append(open, owner);
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (i > 0) builder.Append(", ", owner);
            AppendRepr(context, builder, list.Items[i], owner, depth + 1);
        }

        builder.Append(close, owner);
    }

    /// <summary>Ends a walk through values nested past any use.</summary>
    public static void EnsureDepth(JinjaContext context, int depth)
    {
        if (depth > JinjaLimits.ValueDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw context.Fault($"a value nests deeper than {JinjaLimits.ValueDepth} levels; expected less.");
    }

    /// <summary>len(value).</summary>
    public static long Length(JinjaContext context, object? value) => value switch
    {
        JinjaText text => text.CodePoints,
        JinjaList list => list.Items.Count,
        JinjaDict dict => dict.Entries.Count,
        JinjaUndefined => 0,
        _ => throw context.Fault($"a {TypeName(value)} has no length; expected a string, list or dict."),
    };

    /// <summary>iter(value): the elements, a string's code points, a dict's keys.</summary>
    public static IReadOnlyList<object?> Elements(JinjaContext context, object? value)
    {
        switch (value)
        {
            case JinjaList list:
                context.Step(list.Items.Count);
                return list.Items;
            case JinjaDict dict:
                context.Step(dict.Entries.Count);
                return [.. dict.Entries.Select(entry => (object?)JinjaDict.KeyOf(entry))];
            case JinjaText text:
                context.Step(text.Value.Length);
                return [.. text.Characters(context)];
            case JinjaGenerator generator:
                context.Step(generator.Left);
                return generator.TakeRest();
            case JinjaUndefined:
                return [];
            default:
                throw context.Fault($"a {TypeName(value)} cannot be walked through; expected a list, dict or string.");
        }
    }

    /// <summary>UTF-16 units a record's values count as; see <see cref="JinjaLimits.ValueLength"/>.</summary>
    public static long Size(IEnumerable<object?> values)
    {
        var size = 0L;
        foreach (var value in values)
        {
            size += JinjaLimits.ValueLength + value switch
            {
                JinjaText text => text.Value.Length,
                JinjaList list => Size(list.Items),
                JinjaDict dict => Size(dict.Entries.Select(entry => (object?)entry.Key)) + Size(dict.Entries.Select(entry => entry.Value)),
                BigInteger number => number.GetByteCount(),
                _ => 0,
            };
        }

        return size;
    }

    /// <summary>A number as Python's arithmetic sees it; a bool is 0 or 1.</summary>
    public static bool TryInteger(object? value, out long number)
    {
        number = value switch { long n => n, bool b => b ? 1 : 0, _ => 0 };
        return value is long or bool;
    }

    /// <summary>A number as a float, a bool as 0 or 1.</summary>
    public static bool TryFloat(object? value, out double number)
    {
        number = value switch { double d => d, long n => n, bool b => b ? 1 : 0, BigInteger b => (double)b, _ => 0 };
        return value is double or long or bool or BigInteger;
    }
}
