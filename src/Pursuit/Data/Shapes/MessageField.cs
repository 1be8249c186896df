namespace Pursuit.Data.Shapes;

/// <summary>
/// The fields of a message, or of a part of its content, that have a meaning here; their names in records are these in snake
/// case.
/// </summary>
internal enum MessageField
{
    Role,
    From,
    Content,
    Value,
    Type,
    Text,
    ToolCalls,
    FunctionCall,
    ReasoningContent,
    Reasoning,
    Thinking,
    ReasoningDetails,
    Refusal,
    Train,
    Training,
    Trainable,
    Weight,
    Loss,
    LossMask,
    LossScale,
    LossWeight,
    Masked,
    Mask,
    TrainDetail,
    Images,
    Image,
    Videos,
    Video,
    Audios,
    Audio,
}
