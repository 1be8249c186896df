using Pursuit.Engine.Training;

namespace Pursuit.Engine.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(LearningRateDecay.Cosine)]
    [InlineData(LearningRateDecay.Linear)]
    public void It_rises_to_the_peak_at_the_warm_ups_last_step_and_ends_at_the_final_share(LearningRateDecay decay)
    {
        var schedule = new LearningRateSchedule { Peak = 0.002, Steps = 100, WarmupSteps = 10, Decay = decay, FinalShare = 0.1 };
        schedule.At(0).ShouldBe(0.0002, 1e-12);
        schedule.At(9).ShouldBe(0.002, 1e-12);
        schedule.At(10).ShouldBeLessThan(0.002);
        schedule.At(99).ShouldBe(0.0002, 1e-12);
        for (var step = 10; step < 100; step++)
            schedule.At(step).ShouldBeLessThan(schedule.At(step - 1));
    }

    [Fact]
    public void A_line_and_a_cosine_cross_the_middle_at_half_the_way()
    {
        // Steps 0 to 200 without warm-up: the middle is step 100.
        var line = new LearningRateSchedule { Peak = 1, Steps = 201, Decay = LearningRateDecay.Linear, FinalShare = 0 };
        line.At(0).ShouldBe(1);
        line.At(100).ShouldBe(0.5, 1e-12);
        (line with { Decay = LearningRateDecay.Cosine }).At(100).ShouldBe(0.5, 1e-12);
        (line with { Decay = LearningRateDecay.Cosine }).At(50).ShouldBeGreaterThan(line.At(50));
        line.Mean(0, 201).ShouldBe(0.5, 1e-12);
    }

    [Fact]
    public void A_constant_rate_stays_and_a_single_step_takes_the_peak()
    {
        var constant = new LearningRateSchedule { Peak = 0.5, Steps = 10, Decay = LearningRateDecay.Constant };
        Enumerable.Range(0, 10).ShouldAllBe(step => constant.At(step) == 0.5);
        new LearningRateSchedule { Peak = 0.5, Steps = 1 }.At(0).ShouldBe(0.5);
        new LearningRateSchedule { Peak = 0.5, Steps = 3, WarmupSteps = 3 }.At(2).ShouldBe(0.5);
    }

    [Fact]
    public void Every_fault_is_told_at_once()
    {
        var options = new TrainerOptions
        {
            Schedule = new LearningRateSchedule { Peak = -1, Steps = 10, WarmupSteps = 11, FinalShare = 2 },
            Optimizer = new AdamWOptions { Beta1 = 1, ClipNorm = 0 },
            EpochEnds = [5, 5],
        };
        var message = Should.Throw<PursuitException>(options.Validate).Message;
        foreach (var part in new[]
        {
            "learning rate is -1", "warm-up is 11 of 10", "final share is 2", "beta1 is 1", "clip norm is 0", "steps 5, 5",
        })
            message.ShouldContain(part);
    }
}
