using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Pursuit.Data.Json;

/// <summary>
/// The values of an object's known fields, found in one pass over its keys. The fields are an enumeration's members, spelled
/// in snake case (<c>ToolCalls</c> is <c>tool_calls</c>). A field that is null counts as missing.
/// </summary>
/// <typeparam name="TField">At most 64 members, numbered from 0.</typeparam>
internal sealed class FieldScan<TField>
    where TField : struct, Enum
{
    private static readonly string[] Names = [.. Enum.GetNames<TField>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];
    private static readonly (byte[] Name, int Number)[][] ByLength = Group();

    private readonly int[] _values = new int[Names.Length];

    /// <summary>
    /// Gives the number of the field that a name stands for instead of the field's own name; -1 for none. Null where names stand for
    /// themselves.
    /// </summary>
    public Func<ReadOnlySpan<byte>, int>? Renamed { get; init; }

    /// <summary>A bit for each field that is there, by its number.</summary>
    public ulong Present { get; private set; }

    /// <summary>True where a key that isn't null names none of the fields.</summary>
    public bool HasOthers { get; private set; }

    /// <summary>The field's value, or -1.</summary>
    public int this[TField field] =>
        (Present >> Unsafe.BitCast<TField, int>(field) & 1) != 0 ? _values[Unsafe.BitCast<TField, int>(field)] : -1;

    /// <summary>The field's name in records.</summary>
    public static string NameOf(TField field) => Names[Unsafe.BitCast<TField, int>(field)];

    /// <summary>The bits of some fields, as <see cref="Present"/> has them.</summary>
    public static ulong Bits(params ReadOnlySpan<TField> fields)
    {
        var bits = 0UL;
        foreach (var field in fields) bits |= 1UL << Unsafe.BitCast<TField, int>(field);
        return bits;
    }

    /// <summary>The number of the field a key names, or -1.</summary>
    public static int Find(JsonTape tape, int key)
    {
        var name = tape.IsEscaped(key) ? Encoding.UTF8.GetBytes(tape.Text(key)) : tape.Raw(key);
        if (name.Length >= ByLength.Length) return -1;
        foreach (var (known, number) in ByLength[name.Length])
        {
            if (name.SequenceEqual(known)) return number;
        }

        return -1;
    }

    /// <summary>The number of the field a key stands for, or -1.</summary>
    public int NumberOf(JsonTape tape, int key) => RenamedNumber(tape, key) is >= 0 and var number ? number : Find(tape, key);

    /// <summary>Looks through an object. A field that another name stands for isn't read by its own beside that.</summary>
    public void Read(JsonTape tape, int container)
    {
        var present = 0UL;
        var hasOthers = false;
        var taken = Taken(tape, container);
        for (var key = tape.First(container); key >= 0; key = tape.NextKey(container, key))
        {
            if (tape.Kind(key + 1) == JsonTokenType.Null) continue;
            var number = RenamedNumber(tape, key);
            if (number < 0) number = Find(tape, key) is >= 0 and var own && (taken >> own & 1) == 0 ? own : -1;
            if (number < 0)
            {
                hasOthers = true;
                continue;
            }

            _values[number] = key + 1;
            present |= 1UL << number;
        }

        (Present, HasOthers) = (present, hasOthers);
    }

    private int RenamedNumber(JsonTape tape, int key) =>
        Renamed is null ? -1 : Renamed(tape.IsEscaped(key) ? Encoding.UTF8.GetBytes(tape.Text(key)) : tape.Raw(key));

    /// <summary>A bit for each field that another name stands for in this object.</summary>
    private ulong Taken(JsonTape tape, int container)
    {
        if (Renamed is null) return 0;
        var taken = 0UL;
        for (var key = tape.First(container); key >= 0; key = tape.NextKey(container, key))
        {
            if (RenamedNumber(tape, key) is >= 0 and var number) taken |= 1UL << number;
        }

        return taken;
    }

    private static (byte[] Name, int Number)[][] Group()
    {
        var names = Names.Select((name, number) => (Name: Encoding.UTF8.GetBytes(name), Number: number)).ToArray();
        return [.. Enumerable.Range(0, names.Max(n => n.Name.Length) + 1)
            .Select(length => names.Where(n => n.Name.Length == length).ToArray())];
    }
}
