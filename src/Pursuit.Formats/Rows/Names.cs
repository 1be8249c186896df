using System.Text;

namespace Pursuit.Formats.Rows;

/// <summary>Column names as keys of JSON objects.</summary>
internal static class Names
{
    /// <summary>The key with its colon.</summary>
    public static byte[] KeyOf(string name)
    {
        var row = new JsonRow();
        row.Begin(int.MaxValue);
        row.Text(Encoding.UTF8.GetBytes(name));
        row.Raw((byte)':');
        return row.Written.ToArray();
    }

    /// <summary>Columns with their types, for messages.</summary>
    public static string Describe(IEnumerable<(string Name, string Type)> fields) =>
        string.Join(", ", fields.Select(f => $"{f.Name}: {f.Type}"));
}
