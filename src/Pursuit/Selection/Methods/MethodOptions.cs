using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Text;
using Pursuit.Data.Deduplication;

namespace Pursuit.Selection.Methods;

/// <summary>Sets the init properties of a method's options record from "--set NAME.option=value" pairs, and lists them.</summary>
internal static class MethodOptions
{
    /// <summary>Owner of the options that say how gradient features are made, whatever the method.</summary>
    public const string FeaturesOwner = "features";

    /// <summary>Owner of the options that say how embeddings are made, whatever the method.</summary>
    public const string EmbeddingOwner = "embedding";

    /// <summary>Owner of the options that say how a sentence encoder's vectors are made, whatever the method.</summary>
    public const string EncoderOwner = "encoder";

    /// <summary>Owner of the options of token statistics and data probes, whatever the method.</summary>
    public const string ProbeOwner = "probe";

    /// <summary>Owner of the options of near duplicates, whatever the method.</summary>
    public const string DedupOwner = NearDuplicateOptions.Name;

    /// <summary>One option of a method, for listings.</summary>
    /// <param name="Name">As on the command line, such as <c>noise-floor</c>.</param>
    /// <param name="Default">Its default, as it would be given.</param>
    /// <param name="Description">Meaning, unit and range.</param>
    public sealed record Entry(string Name, string Default, string Description);

    /// <summary>Makes a method's selector.</summary>
    /// <param name="method">The method.</param>
    /// <param name="settings">"NAME.option=value" pairs; those of other methods are passed over, those of no method refused.</param>
    /// <exception cref="PursuitException">
    /// An unknown option, or a value that doesn't fit; the message has the nearest name or the values.
    /// </exception>
    public static ISelector Create(MethodDescriptor method, IReadOnlyList<string> settings) => method.Create(Read(method, settings));

    /// <summary>A method's options record as the settings make it; its ranges are checked by <see cref="Create"/>.</summary>
    /// <exception cref="PursuitException">An unknown option, or a value that doesn't fit.</exception>
    internal static object Read(MethodDescriptor method, IReadOnlyList<string> settings)
    {
        var options = Activator.CreateInstance(method.OptionsType)!;
        Fill(options, method.Name, settings);
        return options;
    }

    /// <summary>Sets the options that settings name; those of other owners are passed over.</summary>
    /// <param name="options">The options record, freshly made.</param>
    /// <param name="owner">The name it goes by: a method's, <see cref="FeaturesOwner"/> or <see cref="EmbeddingOwner"/>.</param>
    /// <param name="settings">"NAME.option=value" pairs.</param>
    /// <exception cref="PursuitException">An unknown owner or option, or a value that doesn't fit.</exception>
    public static void Fill(object options, string owner, IReadOnlyList<string> settings)
    {
        foreach (var setting in settings)
        {
            var (name, option, value) = Split(setting);
            if (name != owner)
            {
                if (name is not (FeaturesOwner or EmbeddingOwner or EncoderOwner or ProbeOwner or DedupOwner))
                    _ = MethodRegistry.Find(name);
                continue;
            }

            var property = Properties(options.GetType()).FirstOrDefault(p => NameOf(p) == option)
                ?? throw Unknown(options.GetType(), owner, option);
            property.SetValue(options, Convert(setting, property.PropertyType, value));
        }
    }

    /// <summary>Another record with the same options.</summary>
    public static T Copy<T>(T options)
        where T : class
    {
        var copy = Activator.CreateInstance(options.GetType())!;
        foreach (var property in Properties(options.GetType())) property.SetValue(copy, property.GetValue(options));
        return (T)copy;
    }

    /// <summary>The options of a method with their defaults.</summary>
    public static IReadOnlyList<Entry> List(MethodDescriptor method) => List(method.OptionsType);

    /// <summary>The options of an options record with their defaults.</summary>
    public static IReadOnlyList<Entry> List(Type type)
    {
        var defaults = Activator.CreateInstance(type)!;
        return [.. Properties(type).Select(p => new Entry(
            NameOf(p),
            Format(p.GetValue(defaults)),
            p.GetCustomAttribute<DescriptionAttribute>()?.Description ?? ""))];
    }

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite);

    private static (string Owner, string Name, string Value) Split(string setting)
    {
        var equals = setting.IndexOf('=', StringComparison.Ordinal);
        var dot = equals < 0 ? -1 : setting.LastIndexOf('.', equals);
        return dot > 0
            ? (setting[..dot], setting[(dot + 1)..equals], setting[(equals + 1)..])
            : throw PursuitException.At(ApiName.Set, $"'{setting}'", "METHOD.OPTION=VALUE, such as length.keep=shortest");
    }

    private static PursuitException Unknown(Type type, string owner, string name)
    {
        var names = Properties(type).Select(NameOf).ToArray();
        return PursuitException.At(
            ApiName.Set,
            $"'{owner}' has no option '{name}'",
            names.Length == 0 ? "none: this method has no options" : $"one of: {string.Join(", ", names)}",
            Suggestion.For(name, names));
    }

    private static object Convert(string setting, Type type, string value)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        var culture = CultureInfo.InvariantCulture;
        object? result = target switch
        {
            _ when target.IsEnum => EnumValue(target, value),
            _ when target == typeof(int) => int.TryParse(value, NumberStyles.AllowLeadingSign, culture, out var i) ? i : null,
            _ when target == typeof(double) => double.TryParse(value, NumberStyles.Float, culture, out var d) && double.IsFinite(d)
                ? d
                : null,
            _ when target == typeof(bool) => bool.TryParse(value, out var b) ? b : null,
            _ when target == typeof(string) => value,
            _ => throw new NotSupportedException($"An option can't be of type {target}."),
        };
        return result ?? throw PursuitException.At(ApiName.Set, $"'{setting}'", Expected(target));
    }

    private static object? EnumValue(Type type, string value)
    {
        foreach (var name in Enum.GetNames(type))
            if (string.Equals(NameOf(type, name), value, StringComparison.OrdinalIgnoreCase)) return Enum.Parse(type, name);
        return null;
    }

    private static string Expected(Type type) => type switch
    {
        _ when type.IsEnum => $"one of: {string.Join(", ", Enum.GetNames(type).Select(name => NameOf(type, name)))}",
        _ when type == typeof(int) => "a whole number",
        _ when type == typeof(bool) => "true or false",
        _ => "a number with a decimal point",
    };

    private static string Format(object? value) => value switch
    {
        null => "",
        Enum e => NameOf(e.GetType(), e.ToString()),
        bool b => b ? "true" : "false",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private static string NameOf(MemberInfo member) => member.GetCustomAttribute<OptionNameAttribute>()?.Name ?? Kebab(member.Name);

    private static string NameOf(Type type, string value) => type.GetField(value) is { } field ? NameOf(field) : Kebab(value);

    private static string Kebab(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0) text.Append('-');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
