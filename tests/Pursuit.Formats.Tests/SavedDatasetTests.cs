using Pursuit.TestKit;

namespace Pursuit.Formats.Tests;

/// <summary>Data sets that the library <c>datasets</c> saved with rows chosen or shuffled.</summary>
public sealed class SavedDatasetTests : IDisposable
{
    private const string State = """
        {
          "_data_files": [{"filename": "data-00000-of-00002.arrow"}, {"filename": "data-00001-of-00002.arrow"}],
          "_fingerprint": "0123456789abcdef", "_format_columns": null, "_format_kwargs": {}, "_format_type": null,
          "_indices_data_files": [{"filename": "indices.arrow"}], "_output_all_columns": false, "_split": "train"
        }
        """;

    private readonly TemporaryDirectory _directory = new();

    public SavedDatasetTests()
    {
        Tables.Open(Tables.PathOf("file.arrow")).Dispose();
        File.Copy(Tables.PathOf("stream.arrow"), _directory.PathOf("data-00000-of-00002.arrow"));
        File.Copy(Tables.PathOf("file.arrow"), _directory.PathOf("data-00001-of-00002.arrow"));
        File.Copy(Tables.PathOf("indices.arrow"), _directory.PathOf("indices.arrow"));
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Rows_are_those_that_the_indices_name_over_all_data_files()
    {
        using var table = Tables.Open(_directory.Write("state.json", State));
        using var stream = Tables.Open(Tables.PathOf("stream.arrow"));
        var rows = Tables.Rows(stream);
        Tables.Rows(table).ShouldBe([rows[47], rows[2], rows[0], rows[47]]);
        table.GroupStarts.ShouldBe([0L]);
        table.Columns.ShouldBe(stream.Columns);
    }

    [Fact]
    public void An_index_beyond_the_data_is_refused_by_its_row()
    {
        var state = _directory.Write(
            "state.json", State.Replace(", {\"filename\": \"data-00001-of-00002.arrow\"}", "", StringComparison.Ordinal));
        using var table = Tables.Open(state);
        Should.Throw<PursuitException>(() => Tables.Rows(table)).Message.ShouldContain($"{state}, row 1: {{\"indices\":50}}");
    }

    [Fact]
    public void A_state_that_names_files_elsewhere_or_none_is_refused()
    {
        var elsewhere = _directory.Write("state.json", State.Replace("indices.arrow", "../indices.arrow", StringComparison.Ordinal));
        Should.Throw<PursuitException>(() => Tables.Open(elsewhere)).Message.ShouldContain("a file beside the state");
        var none = _directory.Write("state.json", """{"_data_files": []}""");
        Should.Throw<PursuitException>(() => Tables.Open(none)).Message.ShouldContain("no _indices_data_files");
    }

    [Fact]
    public void A_directory_leaves_the_descriptions_of_a_data_set_out()
    {
        _directory.Write("dataset_info.json", "{}");
        _directory.Write("state.json", State);
        File.Delete(_directory.PathOf("indices.arrow"));
        using var pool = Tables.Pool(_directory.FullPath);
        pool.Sources.Select(s => Path.GetFileName(s.Path)).ShouldBe(["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]);
        pool.Ledger.QuarantinedCount.ShouldBe(0);
    }
}
