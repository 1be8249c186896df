namespace Pursuit.Data;

/// <summary>Something in a directory of a pool that isn't read though it may hold records.</summary>
/// <param name="Path">Its path.</param>
/// <param name="What">What it is, such as "a .parquet file".</param>
public sealed record FileNotRead(string Path, string What);
