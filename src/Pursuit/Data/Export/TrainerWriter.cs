using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.Data.Export;

/// <summary>
/// Writes the chosen examples as a trainer reads them, with the lines its configuration needs. Every record is written in one
/// layout whatever shape it came in, because trainers read one schema per file.
/// </summary>
public static class TrainerWriter
{
    private static readonly JsonWriterOptions RecordOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions ConfigurationOptions = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The trainer's word on the command line and in file names.</summary>
    public static string Word(TrainerFormat format) => format.ToString().ToLowerInvariant();

    /// <summary>The files that <see cref="Write"/> makes beside a file of records: the data and the trainer's configuration.</summary>
    public static (string Data, string Configuration) Paths(string recordsPath, TrainerFormat format)
    {
        var data = Path.ChangeExtension(recordsPath, $".{Word(format)}.jsonl");
        return (data, format == TrainerFormat.LlamaFactory
            ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(recordsPath))!, "dataset_info.json")
            : Path.ChangeExtension(recordsPath, $".{Word(format)}.yaml"));
    }

    /// <summary>Writes both files.</summary>
    /// <param name="recordsPath">The file of chosen records; the new files stand beside it.</param>
    /// <param name="format">The trainer.</param>
    /// <param name="examples">The chosen examples in order, repeats included.</param>
    /// <exception cref="PursuitException">Texts and conversations are mixed, a conversation has no place in the format, or a file can't be written.</exception>
    public static void Write(string recordsPath, TrainerFormat format, IEnumerable<Example> examples)
    {
        var (data, configuration) = Paths(recordsPath, format);
        bool? texts = null;
        var tools = false;
        AtomicFile.Write(data, stream =>
        {
            using var writer = new Utf8JsonWriter(stream, RecordOptions);
            foreach (var example in examples)
            {
                if (texts is { } before && before != example.IsText)
                    throw PursuitException.At("--format", $"the selection mixes texts and conversations (example {example.Id ?? example.ContentId.ToString()})", "one kind: trainers read one schema per file", "Select from each kind apart.");
                texts = example.IsText;
                tools |= example.ToolsJson is not null;
                WriteExample(writer, format, example);
                writer.Flush();
                writer.Reset();
                stream.WriteByte((byte)'\n');
            }
        });
        var name = Path.GetFileNameWithoutExtension(recordsPath);
        var text = format switch
        {
            TrainerFormat.Trl => TrlConfiguration(Path.GetFileName(data)),
            TrainerFormat.Axolotl => AxolotlConfiguration(Path.GetFileName(data), texts == true),
            _ => LlamaFactoryConfiguration(configuration, name, Path.GetFileName(data), texts == true, tools),
        };
        AtomicFile.Write(configuration, s => s.Write(Encoding.UTF8.GetBytes(text)));
    }

    private static void WriteExample(Utf8JsonWriter writer, TrainerFormat format, Example example)
    {
        writer.WriteStartObject();
        if (example.IsText)
        {
            writer.WriteString("text", example.Text);
        }
        else
        {
            writer.WriteStartArray("messages");
            foreach (var turn in example.Turns) WriteTurn(writer, format, example, turn);
            writer.WriteEndArray();
            if (example.ToolsJson is not null)
            {
                writer.WritePropertyName("tools");
                if (format == TrainerFormat.LlamaFactory) writer.WriteStringValue(example.ToolsJson);
                else writer.WriteRawValue(example.ToolsJson);
            }
        }

        writer.WriteEndObject();
    }

    private static void WriteTurn(Utf8JsonWriter writer, TrainerFormat format, Example example, Turn turn)
    {
        // LLaMA-Factory knows a call as a turn of its own role whose content is the call's JSON, and a tool's answer as "observation".
        var called = format == TrainerFormat.LlamaFactory && turn.ToolCallsJson is not null;
        writer.WriteStartObject();
        writer.WriteString("role", called ? "function" : format == TrainerFormat.LlamaFactory && turn.Role == Turn.Tool ? "observation" : turn.Role);
        writer.WriteString("content", called ? LlamaFactoryCalls(example, turn) : turn.Content);
        if (turn.ToolCallsJson is not null && !called)
        {
            writer.WritePropertyName("tool_calls");
            writer.WriteRawValue(turn.ToolCallsJson);
        }

        writer.WriteEndObject();
    }

    /// <summary>[{"name", "arguments"}] from calls that may be wrapped in {"type": "function", "function": {...}} with arguments as text.</summary>
    private static string LlamaFactoryCalls(Example example, Turn turn)
    {
        if (turn.Content.Length > 0)
            throw Unfit(example, "a turn that both speaks and calls a tool");
        using var calls = JsonDocument.Parse(turn.ToolCallsJson!);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, RecordOptions))
        {
            writer.WriteStartArray();
            foreach (var call in calls.RootElement.EnumerateArray())
            {
                var function = call.TryGetProperty("function", out var inner) ? inner : call;
                if (!function.TryGetProperty("name", out var name) || !function.TryGetProperty("arguments", out var arguments))
                    throw Unfit(example, "a tool call without a name or arguments");
                writer.WriteStartObject();
                writer.WritePropertyName("name");
                name.WriteTo(writer);
                writer.WritePropertyName("arguments");
                if (arguments.ValueKind != JsonValueKind.String) arguments.WriteTo(writer);
                else if (IsJson(arguments.GetString()!)) writer.WriteRawValue(arguments.GetString()!);
                else throw Unfit(example, "tool call arguments that aren't JSON");
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static PursuitException Unfit(Example example, string what) =>
        PursuitException.At("--format llamafactory", $"{what} (example {example.Id ?? example.ContentId.ToString()})", "turns that LLaMA-Factory has a place for", "Export to trl or axolotl, or leave such records out.");

    private static string TrlConfiguration(string file) =>
        $"""
        # For "trl sft --config": the file is found relative to the directory you start it in.
        datasets:
          - path: json
            data_files: {Quoted(file)}
            split: train

        """;

    private static string AxolotlConfiguration(string file, bool texts) => texts
        ? $"""
          # Part of axolotl's configuration: put it into your YAML.
          datasets:
            - path: {Quoted(file)}
              ds_type: json
              type: completion
              field: text

          """
        : $"""
          # Part of axolotl's configuration: put it into your YAML.
          datasets:
            - path: {Quoted(file)}
              ds_type: json
              type: chat_template
              field_messages: messages
              message_property_mappings:
                role: role
                content: content
              roles_to_train: [assistant]
              train_on_eos: turn

          """;

    /// <summary>Adds the entry to the dataset_info.json that stands there, or makes one.</summary>
    private static string LlamaFactoryConfiguration(string path, string name, string file, bool texts, bool tools)
    {
        var entries = new Dictionary<string, JsonElement>();
        if (File.Exists(path))
        {
            try
            {
                entries = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllBytes(path)) ?? [];
            }
            catch (JsonException e)
            {
                throw PursuitException.At(path, $"not a JSON object ({e.Message})", "LLaMA-Factory's dataset_info.json, to add an entry to", "Mend or move that file.", e);
            }
        }

        object entry = texts
            ? new { file_name = file, columns = new { prompt = "text" } }
            : new
            {
                file_name = file,
                formatting = "sharegpt",
                columns = tools ? new { messages = "messages", tools = "tools" } : (object)new { messages = "messages" }, // a column that no record has is an error there
                tags = new { role_tag = "role", content_tag = "content", user_tag = "user", assistant_tag = "assistant", system_tag = "system", function_tag = "function", observation_tag = "observation" },
            };
        entries[name] = JsonSerializer.SerializeToElement(entry);
        return JsonSerializer.Serialize(entries, ConfigurationOptions) + "\n";
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text); // a JSON string is a YAML string
}
