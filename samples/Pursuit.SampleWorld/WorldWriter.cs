using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pursuit.Storage;

namespace Pursuit.SampleWorld;

/// <summary>The world's files: their names and their exact bytes.</summary>
internal static class WorldWriter
{
    // Spaces, quotes and dashes stay readable; the escaping is the same everywhere because every text is from the word lists.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Every file's path below the world's folder, and its content.</summary>
    public static IEnumerable<(string Path, byte[] Content)> Files(World world)
    {
        yield return ("pool.jsonl", Lines(world.Pool, Write));
        yield return ("marks.jsonl", Lines(world.Marks, Write));
        foreach (var target in world.Targets)
        {
            yield return ($"targets/{target.Skill}/dev.jsonl", Lines(target.Dev, Write));
            yield return ($"targets/{target.Skill}/test.jsonl", Lines(target.Test, Write));
        }

        yield return ("README.md", Encoding.UTF8.GetBytes(Readme.Text(world)));
    }

    /// <summary>Writes all of them.</summary>
    /// <exception cref="PursuitException">The folder can't be written.</exception>
    public static void Write(World world, string folder)
    {
        foreach (var (path, content) in Files(world))
            AtomicFile.Write(Path.Combine(folder, path), stream => stream.Write(content));
    }

    private static byte[] Lines<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        using var stream = new MemoryStream();
        foreach (var item in items)
        {
            using (var writer = new Utf8JsonWriter(stream, Options))
            {
                writer.WriteStartObject();
                write(writer, item);
                writer.WriteEndObject();
            }

            stream.WriteByte((byte)'\n');
        }

        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, WorldRecord record)
    {
        writer.WriteString("id", record.Id);
        writer.WriteString("skill", record.Skill);
        writer.WriteStartArray("messages");
        foreach (var turn in record.Turns)
        {
            writer.WriteStartObject();
            writer.WriteString("role", turn.Role);
            writer.WriteString("content", turn.Content);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, Mark mark)
    {
        writer.WriteString("id", mark.Id);
        writer.WriteString("kind", mark.Kind);
        writer.WriteString("of", mark.Of);
        writer.WriteString("edit", mark.Edit);
    }
}
