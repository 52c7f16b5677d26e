#!/usr/bin/env python3
"""recipe_torch.py FOLDER [--epochs N] [--seed N] [--size N] [--batch N] [--threads N]: torchvision's mobilenet_v2 on the
pictures of FOLDER/train and FOLDER/val by the recipe of config/recipes/torchvision-v1.yaml.

A line an epoch, as Lockstep prints it: training loss and accuracy, validation accuracy, pictures a second. The pictures
become numbers as Lockstep's do with that file: -1..1, validated by the middle of the right shape."""
import argparse
import time

import torch
from torch import nn
from torchvision import datasets, models
from torchvision.transforms import v2


def middle(picture):
    side = min(picture.size)
    return v2.functional.center_crop(picture, [side, side])


def transforms(size):
    numbers = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)]
    train = v2.Compose([v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip(), *numbers])
    val = v2.Compose([v2.Lambda(middle), v2.Resize([size, size], antialias=True), *numbers])
    return train, val


def loader(folder, transform, batch, shuffle):
    return torch.utils.data.DataLoader(datasets.ImageFolder(folder, transform), batch, shuffle=shuffle, num_workers=1,
                                       persistent_workers=True)


def train_epoch(model, batches, optimizer):
    model.train()
    loss_sum = right = count = 0
    for images, labels in batches:
        images = images.contiguous(memory_format=torch.channels_last)
        logits = model(images)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        right += int((logits.argmax(1) == labels).sum())
        count += len(labels)
    return loss_sum / count, right / count, count


@torch.no_grad()
def validate(model, batches):
    model.eval()
    right = count = 0
    for images, labels in batches:
        right += int((model(images.contiguous(memory_format=torch.channels_last)).argmax(1) == labels).sum())
        count += len(labels)
    return right / count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    for name, default in (("epochs", 60), ("seed", 1), ("size", 128), ("batch", 256), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    o = parser.parse_args()
    torch.manual_seed(o.seed)
    torch.set_num_threads(o.threads)
    for_train, for_val = transforms(o.size)
    batches = loader(f"{o.folder}/train", for_train, o.batch, True)
    others = loader(f"{o.folder}/val", for_val, o.batch, False)
    model = models.mobilenet_v2(num_classes=len(batches.dataset.classes)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.045, momentum=0.9, weight_decay=4e-5)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.98)
    for epoch in range(1, o.epochs + 1):
        start = time.monotonic()
        loss, accuracy, count = train_epoch(model, batches, optimizer)
        seconds = time.monotonic() - start
        schedule.step()
        print(f"epoch {epoch}/{o.epochs} loss {loss:.4f} acc {accuracy:.4f} val_acc {validate(model, others):.4f} "
              f"{count / seconds:.1f} images/s", flush=True)


main()
