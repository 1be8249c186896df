using Pursuit.Engine.Features;

namespace Pursuit.Encoders;

/// <summary>An encoder's weights as files, and what computes with them.</summary>
internal interface IEncoderModel
{
    /// <summary>The file's path within the encoder's directory.</summary>
    string Name { get; }

    /// <summary>What computes it, and in which version: another may compute other last digits.</summary>
    string Runtime { get; }

    /// <summary>A hash of everything of the weights.</summary>
    string Fingerprint();

    /// <summary>Reads the weights.</summary>
    /// <param name="encoder">The encoder whose model it is.</param>
    /// <exception cref="PursuitException">They are missing or unfit.</exception>
    IEncoderSession Open(EncoderDescription encoder);
}
