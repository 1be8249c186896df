using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Pursuit.Selection;
using Pursuit.Selection.Methods;

namespace Pursuit.Runs;

/// <summary>How JSON is written in run directories and on standard output: snake_case names, enums as words.</summary>
internal static class RunJson
{
    /// <summary>One line.</summary>
    public static JsonSerializerOptions Compact { get; } = Make(indented: false);

    /// <summary>For files people open.</summary>
    public static JsonSerializerOptions Indented { get; } = Make(indented: true);

    private static JsonSerializerOptions Make(bool indented)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            WriteIndented = indented,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // files for people and Python, never put into HTML as they stand
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            AllowDuplicateProperties = false,
            RespectNullableAnnotations = true,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RequireWhatIsNeverNull, NameDetails } },
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    /// <summary>
    /// A constructor's parameter that may not be null must be there: the serializer would pass null for it. A number may be
    /// missing, which is 0: files of earlier versions lack what was added since.
    /// </summary>
    private static void RequireWhatIsNeverNull(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false } && !property.PropertyType.IsValueType)
                property.IsRequired = true;
        }
    }

    /// <summary>Details are kept under their type's name, so that they are read back as what they are.</summary>
    private static void NameDetails(JsonTypeInfo type)
    {
        if (type.Type != typeof(MethodDetails)) return;
        type.PolymorphismOptions = new JsonPolymorphismOptions();
        foreach (var (derived, name) in MethodRegistry.Details)
            type.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(derived, name));
    }
}
