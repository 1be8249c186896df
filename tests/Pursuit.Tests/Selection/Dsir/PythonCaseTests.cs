using System.Text;
using System.Text.Json;
using Pursuit.Selection.Dsir;
using Pursuit.TestKit;

namespace Pursuit.Tests.Selection.Dsir;

/// <summary>Lower case against Python's; tests/fixtures/dsir/make_lower.py made the answers.</summary>
public sealed class PythonCaseTests
{
    private static readonly JsonElement Golden = JsonDocument.Parse(
        File.ReadAllBytes(RepositoryFiles.Fixture("dsir", "lower.json"))).RootElement;

    // Capital letters of Unicode 15 and 16, which the Python that made the table (Unicode 14) doesn't know yet.
    private static readonly HashSet<int> Newer =
        [0x1C89, 0xA7CB, 0xA7CC, 0xA7DA, 0xA7DC, .. Enumerable.Range(0x10D50, 0x10D65 - 0x10D50 + 1)];

    [Fact]
    public void Every_character_becomes_what_it_becomes_in_Python()
    {
        var expected = new Dictionary<int, string>();
        foreach (var run in Golden.GetProperty("runs").EnumerateArray().Select(r => r.EnumerateArray().Select(n => n.GetInt32()).ToArray()))
            for (var code = run[0]; code <= run[1]; code += Math.Max(1, run[2])) expected[code] = new Rune(code + run[3]).ToString();
        foreach (var pair in Golden.GetProperty("longer").EnumerateObject())
            expected[Convert.ToInt32(pair.Name, 16)] = pair.Value.GetString()!;
        expected.Count.ShouldBeGreaterThan(1300);
        var wrong = new List<string>();
        for (var code = 0; code <= 0x10FFFF; code++)
        {
            if (!Rune.IsValid(code) || Newer.Contains(code)) continue;
            var character = new Rune(code).ToString();
            var lower = PythonCase.Lower(character);
            if (lower != expected.GetValueOrDefault(code, character)) wrong.Add($"U+{code:X4}: {lower}");
        }

        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void A_sigma_at_a_words_end_and_a_dotted_I_are_as_Python_has_them()
    {
        foreach (var pair in Golden.GetProperty("words").EnumerateArray())
            PythonCase.Lower(pair[0].GetString()!).ShouldBe(pair[1].GetString(), pair[0].GetString());
    }
}
