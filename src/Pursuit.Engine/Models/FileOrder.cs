namespace Pursuit.Engine.Models;

/// <summary>
/// How a tensor's values lie in the file where that isn't [outputs, inputs] row after row. In memory all linear layers are alike, so that
/// nothing but files knows of it.
/// </summary>
/// <param name="Transposes">Whether the file has [inputs, outputs].</param>
/// <param name="Groups">The file has for each of so many key heads its queries, its key and its value; 0: rows stand in order.</param>
internal sealed record FileOrder(bool Transposes, int Groups)
{
    /// <summary>Query heads of a group.</summary>
    public int Queries { get; init; } = 1;

    /// <summary>The order of the rows alone, for a matrix of other columns, such as an adapter's B; null: in order.</summary>
    public FileOrder? OfRows => Groups == 0 ? null : this with { Transposes = false };

    /// <summary>A tensor's shape in the file.</summary>
    public IReadOnlyList<int> Shape(IReadOnlyList<int> shape) => Transposes && shape.Count == 2 ? [shape[1], shape[0]] : shape;

    /// <summary>From the file's order to the memory's.</summary>
    /// <typeparam name="T">What a value is.</typeparam>
    /// <param name="shape">The shape in memory.</param>
    /// <param name="file">The file's values.</param>
    /// <param name="memory">As many values; another span.</param>
    public void Read<T>(IReadOnlyList<int> shape, ReadOnlySpan<T> file, Span<T> memory)
    {
        var (rows, columns) = (shape[0], shape.Count == 2 ? shape[1] : 1);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                memory[row * columns + column] = file[Place(row, column, rows, columns)];
        }
    }

    /// <summary>From the memory's order to the file's.</summary>
    /// <typeparam name="T">What a value is.</typeparam>
    /// <param name="shape">The shape in memory.</param>
    /// <param name="memory">The memory's values.</param>
    /// <param name="file">As many values; another span.</param>
    public void Write<T>(IReadOnlyList<int> shape, ReadOnlySpan<T> memory, Span<T> file)
    {
        var (rows, columns) = (shape[0], shape.Count == 2 ? shape[1] : 1);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                file[Place(row, column, rows, columns)] = memory[row * columns + column];
        }
    }

    private int Place(int row, int column, int rows, int columns)
    {
        if (Groups > 0)
        {
            var size = rows / (Queries + 2) / Groups;
            var (head, value, queries) = (row / size, row % size, Groups * Queries);
            // Among a group's heads the key stands behind the queries, and the value behind the key.
            var (group, part) = head < queries ? (head / Queries, head % Queries) : (head % Groups, Queries + (head - queries) / Groups);
            row = (group * (Queries + 2) + part) * size + value;
        }

        return Transposes && columns > 1 ? column * rows + row : row * columns + column;
    }
}
