using System.Collections.Frozen;
using System.Numerics;

namespace Pursuit.Jinja;

/// <summary>Equality, order and membership, as Python has them.</summary>
internal static class PythonComparison
{
    /// <summary>The operators by their symbols.</summary>
    public static readonly FrozenDictionary<string, Func<JinjaContext, object?, object?, bool>> Operators =
        new Dictionary<string, Func<JinjaContext, object?, object?, bool>>
        {
            ["=="] = (c, left, right) => AreEqual(c, left, right),
            ["!="] = (c, left, right) => !AreEqual(c, left, right),
            ["<"] = (c, left, right) => Order(c, left, right) < 0,
            ["<="] = (c, left, right) => Order(c, left, right) <= 0,
            [">"] = (c, left, right) => Order(c, left, right) > 0,
            [">="] = (c, left, right) => Order(c, left, right) >= 0,
            ["in"] = (c, left, right) => Contains(c, right, left),
            ["not in"] = (c, left, right) => !Contains(c, right, left),
        }.ToFrozenDictionary();

    /// <summary>left == right.</summary>
    public static bool AreEqual(JinjaContext context, object? left, object? right, int depth = 0)
    {
        context.Step();
        PythonValues.EnsureDepth(context, depth);
        switch (left, right)
        {
            case (null, null): return true;
            case (JinjaText a, JinjaText b):
                if (a.Value.Length != b.Value.Length) return false;
                context.Spend(a.Value.Length);
                return a.Value == b.Value;
            case (bool a, bool b): return a == b;
            case (long a, long b): return a == b;
            case (BigInteger a, BigInteger b):
                context.Spend(Math.Min(a.GetByteCount(), b.GetByteCount()));
                return a == b;
            case (JinjaUndefined, JinjaUndefined): return true;
            case (JinjaList a, JinjaList b): return AreListsEqual(context, a, b, depth);
            case (JinjaDict a, JinjaDict b): return AreDictsEqual(context, a, b, depth);
            default:
                if (PythonValues.TryFloat(left, out var x) && PythonValues.TryFloat(right, out var y)) return x == y;
                return ReferenceEquals(left, right);
        }
    }

    private static bool AreListsEqual(JinjaContext context, JinjaList left, JinjaList right, int depth)
    {
        if (left.Kind != right.Kind || left.Items.Count != right.Items.Count) return false;
        for (var i = 0; i < left.Items.Count; i++)
        {
            if (!AreEqual(context, left.Items[i], right.Items[i], depth + 1)) return false;
        }

        return true;
    }

    private static bool AreDictsEqual(JinjaContext context, JinjaDict left, JinjaDict right, int depth)
    {
        if (left.Entries.Count != right.Entries.Count) return false;
        foreach (var (key, value) in left.Entries)
        {
            context.Spend(4L * key.Value.Length);
            if (!right.TryGet(key, out var other) || !AreEqual(context, value, other, depth + 1)) return false;
        }

        return true;
    }

    /// <summary>Below 0, 0 or above 0 as left is before, beside or after right; NaN is after everything.</summary>
    public static int Order(JinjaContext context, object? left, object? right)
    {
        context.Step();
        if (left is JinjaUndefined a) throw PythonValues.Missing(context, a);
        if (right is JinjaUndefined b) throw PythonValues.Missing(context, b);
        if (left is JinjaText x && right is JinjaText y)
        {
            context.Spend(2L * Math.Min(x.Value.Length, y.Value.Length));
            return PythonText.Compare(x.Value, y.Value);
        }

        if (PythonValues.TryInteger(left, out var i) && PythonValues.TryInteger(right, out var j)) return i.CompareTo(j);
        if (PythonValues.TryFloat(left, out var f) && PythonValues.TryFloat(right, out var g)) return f < g ? -1 : f == g ? 0 : 1;
        if (left is JinjaList p && right is JinjaList q && p.Kind == q.Kind) throw context.Unsupported("an order of lists");
        throw context.Fault(
            $"a {PythonValues.TypeName(left)} and a {PythonValues.TypeName(right)} have no order; expected two numbers or two strings.");
    }

    /// <summary>item in container.</summary>
    public static bool Contains(JinjaContext context, object? container, object? item)
    {
        switch (container)
        {
            case JinjaText text:
                if (item is not JinjaText part)
                    throw context.Fault($"\"in\" asks whether a string holds a {PythonValues.TypeName(item)}; expected a string.");
                return part.Value.Length == 0 || PythonStrings.Search(context, text, part).Next(text.Value, 0) >= 0;
            case JinjaDict dict:
                if (item is JinjaDict or JinjaList { Kind: JinjaListKind.List })
                    throw context.Fault(
                        $"\"in\" asks whether a dict has the key {PythonValues.TypeName(item)}, which can't be hashed; expected a string.");
                if (item is JinjaText key) context.Spend(2L * key.Value.Length);
                return dict.TryGet(item, out _);
            case JinjaGenerator generator:
                while (generator.TryTake(out var element))
                {
                    if (AreEqual(context, element, item)) return true;
                }

                return false;
            case JinjaNamespace or JinjaMacro or JinjaLoop or null or bool or long or double or BigInteger:
                throw context.Fault($"\"in\" looks into a {PythonValues.TypeName(container)}; expected a string, list or dict.");
            default:
                foreach (var element in PythonValues.Elements(context, container))
                {
                    if (AreEqual(context, element, item)) return true;
                }

                return false;
        }
    }

    /// <summary><see cref="Order"/> of lists of one value each: what is equal has no other order, as in Python.</summary>
    public static Comparer<object?> ListComparer(JinjaContext context) =>
        Comparer<object?>.Create((left, right) => AreEqual(context, left, right) ? 0 : Order(context, left, right));

    /// <summary><see cref="Order"/> for sorting; every comparison is charged.</summary>
    public static Comparer<object?> Comparer(JinjaContext context) =>
        Comparer<object?>.Create((left, right) => Order(context, left, right));
}
