import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import metrics.models
from core.migration_operations import CreateTables, protect


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('core', '0001_initial'),
        ('funnel', '0001_initial'),
        ('leads', '0001_initial'),
    ]

    operations = [
        CreateTables(
            models=[
                migrations.CreateModel(
                    name='Segment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(max_length=10)),
                        ('day', models.DateField()),
                        ('generation', models.BigIntegerField(db_index=True)),
                        ('payload', models.BinaryField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('kind', 'day'), name='metrics_segment_once')],
                    },
                ),
                migrations.CreateModel(
                    name='RollupState',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('generation', models.BigIntegerField(default=0)),
                        ('written_at', models.DateTimeField(blank=True, null=True)),
                        ('epoch', models.PositiveIntegerField(default=metrics.models.new_epoch)),
                        ('lease_token', models.CharField(blank=True, max_length=32)),
                        ('lease_until', models.DateTimeField(blank=True, null=True)),
                        ('teams_digest', models.CharField(blank=True, max_length=64)),
                        ('credit_digest', models.CharField(blank=True, max_length=64)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='metrics_one_rollup_state')],
                    },
                ),
                migrations.CreateModel(
                    name='CreditRules',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('policy', models.CharField(choices=[('contact', 'People with a part in the deal'), ('account', 'Everybody of the company')], default='contact', max_length=7)),
                        ('lookback', models.PositiveSmallIntegerField(default=365, help_text='days before the deal was opened')),
                        ('half_life', models.PositiveSmallIntegerField(default=30, help_text='days, for time decay')),
                        ('first', models.PositiveSmallIntegerField(default=0)),
                        ('creation', models.PositiveSmallIntegerField(default=0)),
                        ('opening', models.PositiveSmallIntegerField(default=0)),
                        ('closing', models.PositiveSmallIntegerField(default=0)),
                        ('other', models.PositiveSmallIntegerField(default=0)),
                        ('spread_unallocated', models.BooleanField(default=False)),
                        ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                ),
                migrations.CreateModel(
                    name='CreditPosting',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('deal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.deal')),
                        ('reason', models.CharField(choices=[('closed', 'The deal was won'), ('amount', 'The amount or cost changed'), ('touches', 'A touch was added, changed or taken back'), ('rules', 'The rules of credit changed'), ('reversed', 'The deal is not won any more')], max_length=8)),
                        ('rules', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metrics.creditrules')),
                        ('revenue', models.BigIntegerField()),
                        ('profit', models.BigIntegerField()),
                        ('lines', models.JSONField()),
                        ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                ),
                migrations.CreateModel(
                    name='Backtest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='backtests', to='funnel.agreement')),
                        ('before', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='funnel.agreement')),
                        ('stage', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='funnel.stage')),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('from_day', models.DateField()),
                        ('to_day', models.DateField()),
                        ('split_day', models.DateField(help_text='the first day of the time in which the rule is tested')),
                        ('horizon', models.PositiveSmallIntegerField(help_text='days for which leads are followed')),
                        ('brought_in', models.BooleanField(default=True, help_text='leads that were brought in with their history count')),
                        ('as_of', models.DateTimeField(help_text='when it was asked: nothing later is looked at')),
                        ('asked', models.CharField(help_text="digest of both versions' rules and points", max_length=64)),
                        ('age', models.BigIntegerField(blank=True, null=True)),
                        ('last_lead', models.BigIntegerField(blank=True, null=True)),
                        ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('stopped', 'Stopped'), ('failed', 'Failed')], default='waiting', max_length=7)),
                        ('result', models.JSONField(blank=True, help_text='metrics.backtest.summed_up', null=True)),
                        ('inputs', models.CharField(blank=True, help_text='digest of all judged rows', max_length=64)),
                        ('worker', models.CharField(blank=True, max_length=32)),
                        ('worked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='BacktestPart',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('backtest', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='metrics.backtest')),
                        ('first_lead', models.BigIntegerField()),
                        ('rows', models.BinaryField()),
                        ('left_out', models.JSONField(default=dict)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('backtest', 'first_lead'), name='metrics_backtest_part_once')],
                    },
                ),
            ],
        ),
        *protect("metrics_creditrules", "metrics_creditposting"),
    ]
