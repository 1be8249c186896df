using System.Text.Json;
using Pursuit.Engine.Models;
using Pursuit.Storage;

namespace Pursuit.Engine.Adapters;

/// <summary>
/// PEFT's <c>adapter_config.json</c>: reads what these adapters can compute, refuses by name whatever else a file asks
/// for, also settings that PEFT may add later, unless they are off (null, false, empty); nothing is approximated.
/// </summary>
/// <param name="Options">Where and how large.</param>
/// <param name="BaseModel">Name or path of the model the adapters belong to, as the file gives it; null: not given.</param>
internal sealed record AdapterConfig(LoraOptions Options, string? BaseModel)
{
    /// <summary>Whether the adapted layers hold their weights [inputs, outputs], as GPT-2's do; the adapters are the same.</summary>
    public bool FanInFanOut { get; init; }

    /// <summary>The file's name.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>PEFT's default of lora_alpha.</summary>
    private const double DefaultAlpha = 8;

    /// <summary>Settings that are read, or that change nothing these adapters compute.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "use_rslora", "target_modules", "base_model_name_or_path",
        "bias", "fan_in_fan_out", "init_lora_weights", "auto_mapping", "inference_mode", "megatron_core", "peft_version",
        "qalora_group_size", "revision", "runtime_config",
    };

    /// <summary>Initialisations that leave the base model's weights alone; others keep part of them in the adapter.</summary>
    private static readonly HashSet<string> PlainInitialisations = new(StringComparer.Ordinal) { "gaussian", "eva", "orthogonal" };

    /// <summary>Reads an adapter directory's adapter_config.json.</summary>
    /// <exception cref="PursuitException">The file is missing, malformed, out of range or asks for something unsupported.</exception>
    public static AdapterConfig ReadDirectory(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
            throw PursuitException.At(
                directory,
                $"there is no {FileName}",
                "an adapter directory as PEFT lays it out",
                $"Point to the directory that holds {FileName} and adapter_model.safetensors.");
        return Parse(BoundedFile.Read(path, JsonFile.LargestConfiguration, "an adapter's configuration"), path);
    }

    /// <summary>Reads the content of an adapter_config.json.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="where">Its name, for messages.</param>
    /// <exception cref="PursuitException">The content is malformed, out of range or asks for something unsupported.</exception>
    public static AdapterConfig Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        using var document = JsonFile.Parse(utf8, where);
        return Read(document.Root, where);
    }

    /// <summary>Writes the file's content, with every setting PEFT itself writes.</summary>
    public void Write(Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        Empty("alpha_pattern");
        json.WriteNull("auto_mapping");
        json.WriteString("base_model_name_or_path", BaseModel);
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", FanInFanOut);
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteNull("layers_pattern");
        json.WriteNull("layers_to_transform");
        Empty("loftq_config");
        json.WriteNumber("lora_alpha", Options.Alpha);
        json.WriteNumber("lora_dropout", Options.Dropout);
        json.WriteNull("modules_to_save");
        json.WriteString("peft_type", "LORA");
        json.WriteNumber("r", Options.Rank);
        Empty("rank_pattern");
        json.WriteNull("revision");
        json.WriteStartArray("target_modules");
        foreach (var target in Options.TargetModules)
            json.WriteStringValue(target);
        json.WriteEndArray();
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteBoolean("use_dora", false);
        json.WriteBoolean("use_rslora", Options.RankStabilized);
        json.WriteEndObject();

        void Empty(string name)
        {
            json.WriteStartObject(name);
            json.WriteEndObject();
        }
    }

    private static AdapterConfig Read(JsonField root, string where)
    {
        var fields = new JsonFields(root);
        var targets = root["target_modules"];
        var one = targets.Element.ValueKind == JsonValueKind.String ? targets.Text() : null;
        var options = new LoraOptions
        {
            Rank = fields.Integer("r"),
            Alpha = fields.Number("lora_alpha", DefaultAlpha),
            Dropout = fields.Number("lora_dropout", 0),
            RankStabilized = fields.Flag("use_rslora", false),
            TargetModules = one is null ? fields.Texts("target_modules") : [one],
        };
        var fanInFanOut = fields.Flag("fan_in_fan_out", false);
        var (kind, task, bias, baseModel) = (
            fields.Text("peft_type"), fields.Text("task_type"), fields.Text("bias"), fields.Text("base_model_name_or_path"));
        fields.ThrowIfFaulty();

        var refused = new List<string>();
        Refuse(kind != "LORA", $"peft_type {kind ?? "null"}");
        Refuse(task is not (null or "CAUSAL_LM"), $"task_type {task}");
        Refuse(bias is not (null or "none"), $"bias {bias}");
        Refuse(
            one is not (null or LoraOptions.AllLinear),
            $"target_modules as the pattern \"{one}\" (a list of names or \"{LoraOptions.AllLinear}\" is supported)");
        if (root["init_lora_weights"] is { Element.ValueKind: JsonValueKind.String } init)
            Refuse(!PlainInitialisations.Contains(init.Text()), $"init_lora_weights {init.Text()}");
        foreach (var (name, setting) in root.Properties())
            Refuse(!Known.Contains(name) && !IsOff(setting.Element), $"{name} {setting.Shown()}");
        if (refused.Count > 0)
            throw PursuitException.At(
                where,
                string.Join("; ", refused),
                "LoRA of a causal language model without these",
                "Train or convert the adapter without them; nothing is approximated.");
        options.Validate(where);
        return new AdapterConfig(options, baseModel) { FanInFanOut = fanInFanOut };

        void Refuse(bool condition, string what)
        {
            if (condition)
                refused.Add(what);
        }
    }

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString() == "",
        _ => false,
    };
}
