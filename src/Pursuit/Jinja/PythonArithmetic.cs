using System.Collections.Frozen;

namespace Pursuit.Jinja;

/// <summary>The operators <c>+ - * / // % **</c>, as Python has them; whole numbers stay within 64 bits.</summary>
internal static class PythonArithmetic
{
    /// <summary>The operators by their symbols.</summary>
    public static readonly FrozenDictionary<string, Func<JinjaContext, object?, object?, object?>> Operators =
        new Dictionary<string, Func<JinjaContext, object?, object?, object?>>
        {
            ["+"] = Add,
            ["-"] = Subtract,
            ["*"] = Multiply,
            ["/"] = Divide,
            ["//"] = FloorDivide,
            ["%"] = Remainder,
            ["**"] = Power,
        }.ToFrozenDictionary();

    /// <summary>left + right.</summary>
    public static object? Add(JinjaContext context, object? left, object? right)
    {
        if (left is JinjaText a && right is JinjaText b)
        {
            return a.IsSafe || b.IsSafe
                ? JinjaText.Concat(context, PythonStrings.EscapeUnlessSafe(context, a), PythonStrings.EscapeUnlessSafe(context, b)).AsSafe()
                : JinjaText.Concat(context, a, b);
        }

        if (left is JinjaList p && right is JinjaList q && p.Kind == q.Kind && p.Kind is JinjaListKind.List or JinjaListKind.Tuple)
        {
            context.Step((long)p.Items.Count + q.Items.Count);
            return new JinjaList([.. p.Items, .. q.Items], p.Kind, p.Owner == q.Owner ? p.Owner : -1);
        }

        return Numbers(context, "+", left, right, static (x, y) => checked(x + y), static (x, y) => x + y);
    }

    /// <summary>left - right.</summary>
    public static object? Subtract(JinjaContext context, object? left, object? right) =>
        Numbers(context, "-", left, right, static (x, y) => checked(x - y), static (x, y) => x - y);

    /// <summary>left * right.</summary>
    public static object? Multiply(JinjaContext context, object? left, object? right)
    {
        if (CanRepeat(left) && PythonValues.TryInteger(right, out var times)) return Repeat(context, left, times);
        if (CanRepeat(right) && PythonValues.TryInteger(left, out times)) return Repeat(context, right, times);
        return Numbers(context, "*", left, right, static (x, y) => checked(x * y), static (x, y) => x * y);
    }

    /// <summary>left / right.</summary>
    public static object? Divide(JinjaContext context, object? left, object? right)
    {
        if (PythonValues.TryFloat(left, out var x) && PythonValues.TryFloat(right, out var y))
            return y == 0 ? throw DividedByZero(context, "/") : x / y;
        throw Refused(context, "/", left, right);
    }

    /// <summary>left // right, rounded down.</summary>
    public static object? FloorDivide(JinjaContext context, object? left, object? right)
    {
        if (PythonValues.TryFloat(right, out var divisor) && divisor == 0 && PythonValues.TryFloat(left, out _))
            throw DividedByZero(context, "//");
        return Numbers(
            context, "//", left, right,
            static (x, y) => checked((x / y) - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0)),
            static (x, y) => Math.Floor(x / y));
    }

    /// <summary>left % right, with the sign of right.</summary>
    public static object? Remainder(JinjaContext context, object? left, object? right)
    {
        if (left is JinjaText) throw context.Unsupported("\"%\" as a format of strings");
        if (PythonValues.TryFloat(right, out var divisor) && divisor == 0 && PythonValues.TryFloat(left, out _))
            throw DividedByZero(context, "%");
        return Numbers(
            context, "%", left, right,
            static (x, y) => y == -1 ? 0 : x % y is var r && r != 0 && (r < 0) != (y < 0) ? r + y : x % y,
            static (x, y) => x % y is var r && r != 0 && (r < 0) != (y < 0) ? r + y : x % y);
    }

    /// <summary>left ** right.</summary>
    public static object? Power(JinjaContext context, object? left, object? right)
    {
        if (PythonValues.TryInteger(left, out var x) && PythonValues.TryInteger(right, out var y) && y >= 0)
        {
            if (y > 63 && x is not (0 or 1 or -1)) throw Overflow(context, "**");
            return Guard(context, "**", () =>
            {
                var result = 1L;
                for (var i = y > 63 ? y & 1 : y; i > 0; i--) result = checked(result * x);
                return y > 63 && x != -1 ? x : result;
            });
        }

        if (PythonValues.TryFloat(left, out var f) && PythonValues.TryFloat(right, out var g))
        {
            var power = f == 0 && g < 0 ? throw DividedByZero(context, "**") : Math.Pow(f, g);
            if (double.IsInfinity(power) && double.IsFinite(f) && double.IsFinite(g))
                throw context.Fault("\"**\" gives a number past the largest float; expected less.");
            return double.IsNaN(power) && !double.IsNaN(f) && !double.IsNaN(g) ? throw context.Unsupported("a complex number") : power;
        }

        throw Refused(context, "**", left, right);
    }

    /// <summary>-value.</summary>
    public static object? Negate(JinjaContext context, object? value) =>
        value is double d
            ? -d
            : PythonValues.TryInteger(value, out _) ? Subtract(context, 0L, value) : throw Refused(context, "-", null, value);

    private static bool CanRepeat(object? value) => value is JinjaText or JinjaList { Kind: JinjaListKind.List or JinjaListKind.Tuple };

    private static object? Repeat(JinjaContext context, object? value, long times)
    {
        times = Math.Max(0, times);
        if (value is JinjaText text)
        {
            // Charged before anything is made, so that a repetition past the limit costs nothing.
            context.Spend(times, JinjaLimits.NodeCost + text.Value.Length);
            var builder = new JinjaTextBuilder(context);
            for (var i = 0L; i < times; i++) builder.Append(text);
            return builder.ToText();
        }

        var list = (JinjaList)value!;
        context.Spend(times, JinjaLimits.NodeCost * (1L + list.Items.Count));
        var items = new List<object?>();
        for (var i = 0L; i < times; i++) items.AddRange(list.Items);
        return new JinjaList(items, list.Kind, list.Owner);
    }

    private static object? Numbers(
        JinjaContext context, string symbol, object? left, object? right, Func<long, long, long> whole, Func<double, double, double> real)
    {
        if (PythonValues.TryInteger(left, out var i) && PythonValues.TryInteger(right, out var j))
            return Guard(context, symbol, () => whole(i, j));
        if (PythonValues.TryFloat(left, out var x) && PythonValues.TryFloat(right, out var y)) return real(x, y);
        throw Refused(context, symbol, left, right);
    }

    private static long Guard(JinjaContext context, string symbol, Func<long> compute)
    {
        try
        {
            return compute();
        }
        catch (OverflowException)
        {
            throw Overflow(context, symbol);
        }
    }

    private static PursuitException Overflow(JinjaContext context, string symbol) =>
        context.Unsupported($"a result of \"{symbol}\" past 64 bits");

    private static PursuitException DividedByZero(JinjaContext context, string symbol) =>
        context.Fault($"\"{symbol}\" divides by zero; expected another number.");

    private static PursuitException Refused(JinjaContext context, string symbol, object? left, object? right)
    {
        if (left is JinjaUndefined a) return PythonValues.Missing(context, a);
        if (right is JinjaUndefined b) return PythonValues.Missing(context, b);
        return context.Fault(
            $"\"{symbol}\" between {PythonValues.TypeName(left)} and {PythonValues.TypeName(right)}; expected two of one kind.");
    }
}
