using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pursuit.Runs;

/// <summary>
/// Names everything a stage's result depends on, and its hash. Two stages with equal fingerprints have equal results, so a
/// finished one is reused; the names are kept so that a difference can be told in words.
/// </summary>
internal sealed class Fingerprint
{
    private readonly List<KeyValuePair<string, string>> _parts = [];

    /// <summary>Starts a fingerprint.</summary>
    /// <param name="kind">The stage's kind and version, such as "selection/1": raise the version when the computation changes.</param>
    public Fingerprint(string kind) => Add("kind", kind);

    /// <summary>The named parts in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parts => _parts;

    /// <summary>SHA-256 of the named parts, 64 hexadecimal digits.</summary>
    public string Hash
    {
        get
        {
            var text = new StringBuilder();
            foreach (var (name, value) in _parts)
                text.Append(CultureInfo.InvariantCulture, $"{name.Length}:{name}={value.Length}:{value};");
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        }
    }

    /// <summary>Adds a named part.</summary>
    public Fingerprint Add(string name, string? value)
    {
        _parts.Add(new(name, value ?? "(none)"));
        return this;
    }

    /// <summary>Adds a named number.</summary>
    public Fingerprint Add(string name, IFormattable value) => Add(name, value.ToString(null, CultureInfo.InvariantCulture));

    /// <summary>Adds a named list, whose order counts.</summary>
    public Fingerprint Add(string name, IEnumerable<string> values) => Add(name, string.Join('\n', values));
}
